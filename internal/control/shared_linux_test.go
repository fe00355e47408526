// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"fmt"
	"strings"
	"testing"
)

// TestSharedSectors adds exports of one disk, of 16 sectors: where two may write
// to the same sectors there is a warning, which is logged too.
func TestSharedSectors(t *testing.T) {
	r := startServer(t)
	first := newExport(t, 9, 0, func(e *Export) { e.File.Length = 8 })
	r.mustAdd(first)
	for slot, c := range []struct {
		offset, length int64
		readOnly       bool
		want           string
	}{
		{offset: 8},
		{readOnly: true},
		{length: 1, want: "e9.3: the same sectors are served for writing as e9.0: "},
		{offset: 7, want: "e9.4: the same sectors are served for writing as e9.0, e9.1: "},
		{want: "e9.5: the same sectors are served for writing as e9.0, e9.1, e9.3 and 1 more: "},
	} {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			a := r.mustAdd(newExport(t, 9, uint8(slot+1), func(e *Export) {
				e.Filename = first.Filename
				e.File.Offset, e.File.Length, e.File.ReadOnly = c.offset, c.length, c.readOnly
			}))
			got := strings.Join(a.Warnings, "\n")
			if !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
				t.Errorf("warnings: %q; want %q", got, c.want)
			}
			if c.want != "" && !strings.Contains(r.journal.String(), got) {
				t.Errorf("it is not logged: %s", r.journal)
			}
		})
	}
}
