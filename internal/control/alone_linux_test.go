// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"errors"
	"testing"
)

// TestExclusive adds and restores exports that are to be alone, and others, while the
// engine finds rivals.
func TestExclusive(t *testing.T) {
	r := startServer(t)
	exclusive := func(e *Export) { e.Exclusive = true }
	r.engine.set(func() { r.engine.rival = errors.New("another has it") })
	one, two := newExport(t, 9, 0, exclusive), newExport(t, 9, 1)
	_, err := r.Add(one)
	wantError(t, "with a rival", err, "another has it")
	r.mustAdd(two)
	two.Exclusive = true
	_, err = r.Add(two)
	wantError(t, "which is not so far", err, "e9.1 is served already")
	r.Restore([]*Export{newExport(t, 9, 2, exclusive), newExport(t, 9, 3)})
	if r.engine.get("e9.3").Disk == nil || r.engine.get("e9.2").Disk != nil {
		t.Error("what is restored is not what has no rival")
	}
	r.Retry()
	if a, err := r.Status("e9.2"); err != nil || a.Exports[0].Trouble != "another has it" {
		t.Errorf("status: %+v, %v", a, err)
	}
	r.engine.set(func() { r.engine.rival = nil })
	r.Retry()
	r.mustAdd(one)
	r.engine.set(func() { r.engine.rival = errors.New("another has it") })
	r.mustAdd(one) // which is served already
	if n := r.engine.count(); n != 4 {
		t.Errorf("%d exports are served", n)
	}
}
