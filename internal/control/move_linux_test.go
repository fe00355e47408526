// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"errors"
	"strings"
	"testing"
)

// newMoving starts a server that keeps e9.0 over a restart, and returns what e9.0 is to
// become: e9.5.
func newMoving(t *testing.T) (r *running, k *keeper, was, e *Export) {
	k = &keeper{kept: map[string]string{}}
	r = startServer(t, func(c *Config) { c.Keeper = k })
	was = newExport(t, 9, 0)
	r.mustAdd(was)
	return r, k, was, newExport(t, 9, 5, func(e *Export) { e.Buffers = 64 })
}

// serves checks that the engine serves an export, and nothing else, and that this is
// kept.
func (r *running) serves(k *keeper, e *Export) {
	r.t.Helper()
	if got := r.engine.get(e.Name()); got.Disk == nil || !got.Disk.SameFile(e.Disk) || r.engine.count() != 1 {
		r.t.Errorf("%d exports are served, and as %s %+v", r.engine.count(), e.Name(), got)
	}
	if kept := k.get(); len(kept) != 1 || kept[e.Name()] == "" {
		r.t.Errorf("kept are %q", kept)
	}
	if a, err := r.Status(""); err != nil || len(a.Exports) != 1 || a.Exports[0].Name != e.Name() || a.Exports[0].State == NotServed {
		r.t.Errorf("status: %+v, %v", a, err)
	}
}

// TestMove gives an export another address: at one that is free, and at one where
// another is served.
func TestMove(t *testing.T) {
	r, k, _, e := newMoving(t)
	if a, err := r.Move(e, "e9.0", false); err != nil || a.Did != Added {
		t.Errorf("%+v, %v", a, err)
	}
	r.serves(k, e)
	if !strings.Contains(r.journal.Leveled(), "add e9.5: in place of e9.0: "+e.Filename) {
		t.Errorf("the log is\n%s", r.journal)
	}
	back := newExport(t, 9, 0)
	r.mustAdd(newExport(t, 9, 0))
	_, err := r.Move(back, "e9.5", false)
	wantError(t, "where another is served", err, "e9.0 is served already")
	if a, err := r.Move(back, "e9.5", true); err != nil || a.Did != Changed {
		t.Errorf("%+v, %v", a, err)
	}
	r.serves(k, back)
	_, err = r.Move(e, "e9.7", true)
	wantError(t, "of none", err, "e9.7 is not served here")
	_, err = r.Move(back, "e9.0", true)
	wantError(t, "to its own address", err, "e9.0 cannot be added in its own place; change it")
	r.serves(k, back)
}

// TestMoveRefused gives an export an address where it cannot be served: it is served as
// before, or tried again.
func TestMoveRefused(t *testing.T) {
	r, k, was, e := newMoving(t)
	refuse := func(buffers uint16) { // exports with at least so many
		r.engine.set(func() {
			r.engine.add = func(e Export) error {
				if e.Buffers >= buffers {
					return errors.New("no such network interface")
				}
				return nil
			}
		})
	}
	refuse(64)
	_, err := r.Move(e, "e9.0", false)
	wantError(t, "move", err, "no such network interface; e9.0 is served as before")
	r.serves(k, was)

	refuse(0)
	_, err = r.Move(e, "e9.0", false)
	wantError(t, "move, and back", err, "e9.0 cannot be served as before either, which is tried again and again: no such network interface")
	_, err = r.Move(e, "e9.0", false)
	wantError(t, "one that is not served", err, "no such network interface")
	if a, err := r.Status("e9.0"); err != nil || a.Exports[0].State != NotServed {
		t.Errorf("status: %+v, %v", a, err)
	}
	refuse(128)
	r.Server.Retry()
	r.serves(k, was)

	refuse(0)
	r.Move(e, "e9.0", false)
	refuse(128)
	if _, err := r.Move(e, "e9.0", false); err != nil { // one that is not served
		t.Error(err)
	}
	r.serves(k, e)
}

// TestTryWhileMoving asks whether a move was made while it is under way.
func TestTryWhileMoving(t *testing.T) {
	r, k, was, e := newMoving(t)
	moving, before, err := r.Server.table.depart(was.Name())
	if err != nil {
		t.Fatal(err)
	}
	try := &request{Vblade: protocol, Do: doAdd, Name: was.Name(), Export: e.parameters(), Try: true}
	_, err = r.askOnce(try, e.files())
	if said := (refusal{}); !errors.As(err, &said) || !said.again {
		t.Errorf("while it is under way: %v", err)
	}
	r.Server.table.stay(moving, before)
	if a, err := r.askOnce(try, e.files()); err != nil || a.Did != Added {
		t.Errorf("after it has failed: %+v, %v", a, err)
	}
	r.serves(k, was)
}

// TestMoveHangs gives an export whose disk hangs another address: it is served as
// before.
func TestMoveHangs(t *testing.T) {
	r, k, was, e := newMoving(t)
	r.engine.set(func() { r.engine.undone = hanging{errors.New("the disk hangs")} })
	_, err := r.Move(e, "e9.0", false)
	wantError(t, "move", err, "the disk hangs; e9.0 is served as before")
	r.serves(k, was)
	r.engine.set(func() { r.engine.undone = errors.New("the last sync failed") })
	a, err := r.Move(e, "e9.0", false)
	if err != nil || strings.Join(a.Warnings, "") != "e9.0 is removed, but: the last sync failed" {
		t.Errorf("%+v, %v", a, err)
	}
	r.serves(k, e)
}
