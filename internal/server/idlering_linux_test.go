// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"vblade/internal/ata"
	"vblade/test/lab"
)

// TestIdleRing has a request depart by a ring that was not used for long: the ring does
// not count as one that has completed nothing for as long.
func TestIdleRing(t *testing.T) {
	g, err := newRing()
	if err != nil {
		lab.Skip(t, err.Error(), "run on a kernel with io_uring")
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer g.Close(0)
	if err := g.Enable(); err != nil {
		t.Fatal(err)
	}
	g.makeReady()
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
