// SPDX-License-Identifier: GPL-2.0-only

package statefile

// DefaultDir is where state is kept if nothing else is said.
const DefaultDir = "/var/lib/vblade"
