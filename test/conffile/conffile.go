// SPDX-License-Identifier: GPL-2.0-only

// Package conffile writes conf files of exports for the tests.
package conffile

import (
	"regexp"
	"strings"
)

// Complete is a conf file with all that it needs.
const Complete = "shelf=9\nslot=0\nnetif=eth0\nfilename=/srv/disk.img\n"

// With returns the complete conf file with lines instead of those that set the same
// variables.
func With(lines string) string {
	kept := ""
	for line := range strings.Lines(Complete) {
		name, _, _ := strings.Cut(line, "=")
		if !regexp.MustCompile(`(?m)(^|\s)` + name + `=`).MatchString(lines) {
			kept += line
		}
	}
	return kept + lines
}
