// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"os"
	"path/filepath"
	"testing"

	"vblade/internal/ata"
)

// TestIdleRing has a request depart by a ring that was not used for long: the ring does
// not count as one that has completed nothing for as long.
func TestIdleRing(t *testing.T) {
	g := enabledRing(t)
	file, err := os.Create(filepath.Join(t.TempDir(), "disk"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r := &request{export: &export{fd: int(file.Fd())}}
	r.Work = ata.Work{Op: ata.OpRead, Data: make([]byte, ata.SectorSize)}
	before := clock()
	g.depart([]*request{r})
	if g.landed < before {
		t.Errorf("the ring counts as idle since %v, the request departs at %v", g.landed, before)
	}
}
