// SPDX-License-Identifier: GPL-2.0-only

//go:build !linux

package statefile

// DefaultDir is the default directory of state files.
const DefaultDir = "/var/db/vblade"
