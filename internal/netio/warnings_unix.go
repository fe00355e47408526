// SPDX-License-Identifier: GPL-2.0-only

//go:build linux || freebsd

package netio

import "fmt"

// smallBuffer warns of a receive buffer that is smaller than wanted, and names a
// remedy.
func smallBuffer(l *Link, wanted int, remedy string) []string {
	n := l.ReceiveBuffer()
	if n >= wanted {
		return nil
	}
	return []string{fmt.Sprintf("the receive buffer of %s is only %d KiB: several busy initiators may lose frames and ask again; "+
		"raise it with: %s", l.Name(), n>>10, remedy)}
}
