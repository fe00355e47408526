// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"vblade/internal/ata"
	"vblade/internal/blade"
)

// export is a blade in use: with the order of its requests, the health of its
// disk, and what is counted of it.
type export struct {
	*blade.Blade
	disk   *ata.Disk
	order  *order // of the requests that do not end at once
	health health // of the disk
	counts counts
}
