// SPDX-License-Identifier: GPL-2.0-only

//go:build !linux

package control

// DefaultPath is the default path of the control socket.
const DefaultPath = "/var/run/vblade/control"
