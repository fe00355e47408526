// SPDX-License-Identifier: GPL-2.0-only

package statefile

// DefaultDir is the default directory of state files.
const DefaultDir = "/var/lib/vblade"
