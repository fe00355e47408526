// SPDX-License-Identifier: GPL-2.0-only

package ata

import "fmt"

// Warnings returns what may be a mistake about the file, a line each.
func (f *File) Warnings() []string {
	var lines []string
	if f.tail > 0 {
		lines = append(lines, fmt.Sprintf("%s: its last %d bytes make no whole sector of %d and are not served; append %d to have them served",
			f.path, f.tail, SectorSize, SectorSize-f.tail))
	}
	if f.held != "" {
		lines = append(lines, f.held)
	}
	return append(lines, f.doubts...)
}
