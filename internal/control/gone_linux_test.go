// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"errors"
	"strings"
	"testing"
)

// TestDiskGone has disks be gone: their exports are ended and forgotten by the keeper,
// stay listed with the reason, are not retried, and can be removed or added again.
func TestDiskGone(t *testing.T) {
	k := &keeper{kept: map[string]string{}}
	r := startServer(t, func(c *Config) { c.Keeper = k })
	failStop := func(e *Export) { e.FailStop = true }
	one, two := newExport(t, 9, 0, failStop), newExport(t, 9, 1, failStop)
	r.mustAdd(one)
	r.mustAdd(two)
	if !r.engine.get("e9.0").FailStop {
		t.Error("the engine does not know that e9.0 stops")
	}
	for _, name := range []string{"e9.0", "e9.1", "e9.7"} {
		r.Server.DiskGone(t.Context(), name, r.engine.get(name).Disk, errors.New("input/output error"))
	}
	r.Server.Retry()
	if n := r.engine.count(); n != 0 {
		t.Errorf("%d exports are served", n)
	}
	if kept := k.get(); len(kept) != 0 {
		t.Errorf("kept are %v", kept)
	}
	const trouble = "withdrawn, its disk is gone or broken: input/output error"
	a, err := r.Status("e9.0")
	if err != nil || a.Exports[0].Trouble != trouble {
		t.Errorf("status: %+v, %v", a, err)
	}
	if !strings.Contains(r.journal.Leveled(), "error: e9.0: "+trouble+"; when that is mended, add it again") {
		t.Errorf("the log is\n%s", r.journal)
	}
	if _, err := r.Remove("e9.0"); err != nil {
		t.Errorf("remove: %v", err)
	}
	r.mustAdd(two)
	if a, err := r.Status(""); err != nil || len(a.Exports) != 1 || a.Exports[0].Trouble != "" {
		t.Errorf("status: %+v, %v", a, err)
	}
}

// TestOldDiskGone tells of a disk that is gone when the export has another one already.
func TestOldDiskGone(t *testing.T) {
	r := startServer(t)
	r.mustAdd(newExport(t, 9, 0))
	old := r.engine.get("e9.0").Disk
	if _, err := r.Change(newExport(t, 9, 0)); err != nil {
		t.Fatal(err)
	}
	r.Server.DiskGone(t.Context(), "e9.0", old, errors.New("input/output error"))
	if a, err := r.Status("e9.0"); err != nil || a.Exports[0].Trouble != "" || r.engine.count() != 1 {
		t.Errorf("status: %+v, %v", a, err)
	}
	if _, err := r.Remove("e9.0"); err != nil {
		t.Errorf("remove: %v", err)
	}
}

// TestDiskGoneInHandover hands over a server of which one export's disk is gone: the
// others go over.
func TestDiskGoneInHandover(t *testing.T) {
	old := predecessor(t)
	old.DiskGone(t.Context(), "e9.3", old.engine.get("e9.3").Disk, errors.New("input/output error"))
	now, x := takeOver(t, old)
	if err := now.Succeed(x); err != nil {
		t.Fatal(err)
	}
	if err := old.wait(); err != ErrReplaced {
		t.Error(err)
	}
	if n := now.engine.count(); n != 4 || now.engine.get("e9.3").Disk != nil {
		t.Errorf("the successor serves %d", n)
	}
	now.engine.end()
	old.err <- nil
}
