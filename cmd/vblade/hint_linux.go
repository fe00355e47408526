// SPDX-License-Identifier: GPL-2.0-only

package main

import "os"

// permissionHint says how to give this program the right to open packet sockets.
func permissionHint() string {
	program, err := os.Executable()
	if err != nil {
		return ""
	}
	return "; run it as root, or once after each build: sudo setcap cap_net_raw+ep " + program
}
