// SPDX-License-Identifier: GPL-2.0-only

package control

// DefaultPath is the default path of the control socket.
const DefaultPath = "/run/vblade/control"
