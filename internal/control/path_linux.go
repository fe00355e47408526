// SPDX-License-Identifier: GPL-2.0-only

package control

// DefaultPath is where the control socket is if nothing else is said.
const DefaultPath = "/run/vblade/control"
