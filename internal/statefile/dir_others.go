// SPDX-License-Identifier: GPL-2.0-only

//go:build !linux

package statefile

// DefaultDir is where state is kept if nothing else is said.
const DefaultDir = "/var/db/vblade"
