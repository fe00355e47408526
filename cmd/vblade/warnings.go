// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"fmt"

	"vblade/internal/ata"
)

// linuxBuffers is the fewest buffers with which the Linux aoe driver uses a disk.
const linuxBuffers = 2

// warnings returns what works but is probably a mistake, a line each.
func warnings(o options, file *ata.File) []string {
	lines := file.Warnings()
	name := o.address()
	if o.buffers < linuxBuffers {
		lines = append(lines, fmt.Sprintf("%v: with -b %d the Linux aoe driver does not use the disk; give -b %d or more",
			name, o.buffers, linuxBuffers))
	}
	if n := file.Size() / ata.SectorSize; n > 1 && n%2 != 0 {
		lines = append(lines, fmt.Sprintf("%v: %d sectors, an odd number: Linux has to use the disk one sector at a time; -l %d avoids that",
			name, n, n-1))
	}
	return lines
}
