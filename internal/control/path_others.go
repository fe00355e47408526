// SPDX-License-Identifier: GPL-2.0-only

//go:build !linux

package control

// DefaultPath is where the control socket is if nothing else is said.
const DefaultPath = "/var/run/vblade/control"
