// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vblade/internal/ata"
)

// TestWarnings opens disks that are served, but hardly as is meant.
func TestWarnings(t *testing.T) {
	const odd = "e9.0: 3 sectors, an odd number: Linux has to use the disk one sector at a time; -l 2 avoids that"
	const few = "e9.0: with -b 1 the Linux aoe driver does not use the disk; give -b 2 or more"
	const tail = "DISK: its last 1 bytes make no whole sector of 512 and are not served; append 511 to have them served"
	for _, c := range []struct {
		options string
		bytes   int
		want    []string
	}{
		{"", 4 * 512, nil},
		{"", 3 * 512, []string{odd}},
		{"-r -o 1", 4 * 512, []string{odd}},
		{"-l 3", 4 * 512, []string{odd}},
		{"", 512, nil}, // there is nothing better
		{"-b 1", 4 * 512, []string{few}},
		{"-b 2", 4 * 512, nil},
		{"-b 1", 3*512 + 1, []string{tail, few, odd}},
		{"-l 2", 3*512 + 1, nil},
	} {
		path := filepath.Join(t.TempDir(), "disk")
		if err := os.WriteFile(path, make([]byte, c.bytes), 0o600); err != nil {
			t.Fatal(err)
		}
		o, err := parse(append(strings.Fields(c.options), "9", "0", "lo", path))
		if err != nil {
			t.Fatal(err)
		}
		f, err := ata.OpenFile(path, o.file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		got := warnings(o, f)
		for i := range got {
			got[i] = strings.ReplaceAll(got[i], path, "DISK")
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("vblade %s, %d bytes: %q; want %q", c.options, c.bytes, got, c.want)
		}
	}
}
