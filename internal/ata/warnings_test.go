// SPDX-License-Identifier: GPL-2.0-only

package ata_test

import (
	"testing"

	"vblade/internal/ata"
)

// opening is what comes of opening a file for export.
type opening struct {
	err      error
	warnings []string
}

// opened opens path and closes it.
func opened(path string, o ata.Options) opening {
	f, err := ata.OpenFile(path, o)
	if err != nil {
		return opening{err: err}
	}
	defer f.Close()
	return opening{warnings: f.Warnings()}
}

// TestTail opens files whose end makes no whole sector.
func TestTail(t *testing.T) {
	path := newFile(t, make([]byte, 3*512+100))
	want := path + ": its last 100 bytes make no whole sector of 512 and are not served; append 412 to have them served"
	if got := opened(path, ata.Options{}); got.err != nil || len(got.warnings) != 1 || got.warnings[0] != want {
		t.Errorf("got %+v; want %s", got, want)
	}
	for _, o := range []ata.Options{{Length: 3}, {Offset: 1, Length: 1}} {
		if got := opened(path, o); got.err != nil || len(got.warnings) > 0 {
			t.Errorf("with a length: %+v", got)
		}
	}
	if got := opened(newFile(t, make([]byte, 1024)), ata.Options{}); got.err != nil || len(got.warnings) > 0 {
		t.Errorf("whole sectors: %+v", got)
	}
}
