// SPDX-License-Identifier: GPL-2.0-only

package netio

import "golang.org/x/sys/unix"

// keepSmall has nothing to do: the kernel makes a superpage only of pages that
// are all in use.
func keepSmall([]byte) {}

// keepPrivate leaves memory that holds what is on a disk out of core dumps.
func keepPrivate(mem []byte) { unix.Madvise(mem, unix.MADV_NOCORE) }
