// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// TestChange changes an export that is served, asked first what would become of it.
func TestChange(t *testing.T) {
	k := &keeper{kept: map[string]string{}}
	r := startServer(t, func(c *Config) { c.Keeper = k })
	wants := func(what string, e *Export, want Outcome) {
		t.Helper()
		if a, err := r.Try(e, true); err != nil || a.Did != want {
			t.Errorf("%s: it would be %+v, %v; want %s", what, a, err, want)
		}
		if a, err := r.Change(e); err != nil || a.Did != want {
			t.Errorf("%s: it is %+v, %v; want %s", what, a, err, want)
		}
	}
	one := newExport(t, 9, 0)
	wants("a new one", one, Added)
	wants("the same", one, Kept)
	other := newExport(t, 9, 0, func(e *Export) { e.Buffers = 64 })
	_, err := r.Try(other, false)
	wantError(t, "another, without a change", err, "e9.0 is served already, but not with the same ")
	wants("another", other, Changed)
	if got := r.engine.get("e9.0"); got.Buffers != 64 || !got.Disk.SameFile(other.Disk) {
		t.Errorf("served is %+v", got)
	}
	if got := k.get()["e9.0"]; !strings.Contains(got, `"buffers":64`) {
		t.Errorf("kept is %s", got)
	}
	if !strings.Contains(r.journal.Leveled(), "add e9.0: changed: "+other.Filename) {
		t.Errorf("the log is\n%s", r.journal)
	}
}

// TestChangeRefused changes an export to what the engine does not serve: it is served
// as before, or tried again.
func TestChangeRefused(t *testing.T) {
	k := &keeper{kept: map[string]string{}}
	r := startServer(t, func(c *Config) { c.Keeper = k })
	one := newExport(t, 9, 0)
	r.mustAdd(one)
	kept := k.get()["e9.0"]
	refuse := func(buffers ...uint16) {
		r.engine.set(func() {
			r.engine.add = func(e Export) error {
				for _, b := range buffers {
					if e.Buffers == b {
						return errors.New("interface eth0: no such network interface")
					}
				}
				return nil
			}
		})
	}
	refuse(64)
	other := newExport(t, 9, 0, func(e *Export) { e.Buffers = 64 })
	_, err := r.Change(other)
	wantError(t, "change", err, "interface eth0: no such network interface; e9.0 is served as before")
	if got := r.engine.get("e9.0"); got.Buffers != 16 || !got.Disk.SameFile(one.Disk) || k.get()["e9.0"] != kept {
		t.Errorf("served is %+v, kept %s", got, k.get()["e9.0"])
	}
	refuse(16, 64)
	_, err = r.Change(other)
	wantError(t, "change, and back", err, "no such network interface; e9.0 cannot be served as before either, which is tried again and again: interface eth0")
	if a, err := r.Status("e9.0"); err != nil || !strings.Contains(a.Exports[0].Trouble, "no such network interface") {
		t.Errorf("status: %+v, %v", a, err)
	}
	refuse()
	r.Server.Retry()
	if got := r.engine.get("e9.0"); got.Buffers != 16 {
		t.Errorf("served is %+v", got)
	}
}

// hanging is the error of a removal whose calls do not end.
type hanging struct{ error }

// Done is never closed.
func (hanging) Done() <-chan struct{} { return nil }

// TestChangeHangs changes an export whose disk hangs: it is served as before.
func TestChangeHangs(t *testing.T) {
	k := &keeper{kept: map[string]string{}}
	r := startServer(t, func(c *Config) { c.Keeper = k })
	one := newExport(t, 9, 0)
	r.mustAdd(one)
	kept := k.get()["e9.0"]
	r.engine.set(func() { r.engine.undone = hanging{errors.New("the disk hangs")} })
	_, err := r.Change(newExport(t, 9, 0))
	wantError(t, "change", err, "the disk hangs; e9.0 is served as before")
	if got := r.engine.get("e9.0"); got.Disk == nil || !got.Disk.SameFile(one.Disk) || k.get()["e9.0"] != kept {
		t.Errorf("served is %+v, kept %s", got, k.get()["e9.0"])
	}
	r.engine.set(func() { r.engine.undone = nil })
	if _, err := r.Change(newExport(t, 9, 0)); err != nil {
		t.Error(err)
	}
}

// TestChangeUnsynced changes an export whose last sync fails, which nothing mends: the
// new one is served, and a warning says so.
func TestChangeUnsynced(t *testing.T) {
	r := startServer(t)
	r.mustAdd(newExport(t, 9, 0))
	r.engine.set(func() { r.engine.undone = errors.New("the last sync failed") })
	other := newExport(t, 9, 0)
	a, err := r.Change(other)
	if err != nil || a.Did != Changed || !slices.Contains(a.Warnings, "e9.0 is changed, but: the last sync failed") {
		t.Errorf("change: %+v, %v", a, err)
	}
	if got := r.engine.get("e9.0"); !got.Disk.SameFile(other.Disk) {
		t.Errorf("served is %+v", got)
	}
}

// TestChangeExclusive changes an export to one that a rival forbids: the old one does
// not even end.
func TestChangeExclusive(t *testing.T) {
	r := startServer(t)
	r.mustAdd(newExport(t, 9, 0))
	r.engine.set(func() {
		r.engine.rival = errors.New("e9.0 is served by another already")
		r.engine.add = func(Export) error { return errors.New("the old one has ended") }
	})
	_, err := r.Change(newExport(t, 9, 0, func(e *Export) { e.Exclusive = true }))
	wantError(t, "change", err, "e9.0 is served by another already; e9.0 is served as before")
	if n := r.engine.count(); n != 1 {
		t.Errorf("%d exports are served", n)
	}
}

// TestCrashInChange has the server die at each step of a change: what is kept then is
// the old export, or the new one, whole.
func TestCrashInChange(t *testing.T) {
	k := &keeper{kept: map[string]string{}}
	r := startServer(t, func(c *Config) { c.Keeper = k })
	r.mustAdd(newExport(t, 9, 0))
	kept := k.get()["e9.0"]
	looked := 0
	r.engine.set(func() {
		r.engine.add = func(Export) error {
			looked++
			if now := k.get()["e9.0"]; now != kept {
				t.Errorf("while the new export begins, %q is kept", now)
			}
			return nil
		}
	})
	if _, err := r.Change(newExport(t, 9, 0, func(e *Export) { e.Buffers = 64 })); err != nil {
		t.Error(err)
	}
	if now := k.get()["e9.0"]; looked != 1 || !strings.Contains(now, `"buffers":64`) {
		t.Errorf("after %d looks %q is kept", looked, now)
	}
	if k.drops > 0 {
		t.Error("for a moment nothing was kept")
	}
}

// TestConf adds what a conf file says: what was added by hand becomes the conf file's,
// and what is another file's only by a change.
func TestConf(t *testing.T) {
	k := &keeper{kept: map[string]string{}}
	r := startServer(t, func(c *Config) { c.Keeper = k })
	e := newExport(t, 9, 0)
	r.mustAdd(e)
	from := func(want string) {
		t.Helper()
		a, err := r.Status("e9.0")
		if err != nil || a.Exports[0].Conf != want || want != "" && !strings.Contains(k.get()["e9.0"], want) {
			t.Errorf("it is %+v, %v, kept %s; want it from %s", a, err, k.get()["e9.0"], want)
		}
		if !r.engine.get("e9.0").Disk.SameFile(e.Disk) {
			t.Error("the engine has another disk")
		}
	}
	from("")
	mail, spool := *e, *e
	mail.Conf, spool.Conf = "/etc/mail.conf", "/etc/spool.conf"
	if a := r.mustAdd(&mail); a.Did != Kept {
		t.Errorf("it is %s", a.Did)
	}
	from("/etc/mail.conf")
	_, err := r.Add(&spool)
	wantError(t, "add it from another file", err, "16 sectors O_RDWR, --state none, by /etc/mail.conf; give another")
	from("/etc/mail.conf")
	if a := r.mustAdd(e); a.Did != Kept {
		t.Errorf("by hand it is %s", a.Did)
	}
	from("/etc/mail.conf")
	if a, err := r.Change(&spool); err != nil || a.Did != Kept {
		t.Errorf("%+v, %v", a, err)
	}
	from("/etc/spool.conf")
}
