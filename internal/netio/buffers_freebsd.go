// SPDX-License-Identifier: GPL-2.0-only

package netio

import "golang.org/x/sys/unix"

// keepSmall does nothing: the kernel makes a superpage only from pages that are
// all in use.
func keepSmall([]byte) {}

// keepPrivate leaves memory that holds a disk's data out of core dumps.
func keepPrivate(mem []byte) { unix.Madvise(mem, unix.MADV_NOCORE) }
