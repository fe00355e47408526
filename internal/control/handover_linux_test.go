// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vblade/internal/ata"
)

// predecessor starts a server with a few exports.
func predecessor(t *testing.T) *running {
	t.Helper()
	other, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close() })
	r := startServer(t, func(c *Config) { c.Listeners = map[string]*os.File{"metrics": other} })
	for slot := range uint8(5) {
		e := newExport(t, 9, slot, func(e *Export) {
			e.File = ata.Options{Sync: slot == 1, ReadOnly: slot == 2, Writers: 7}
			e.Links = []string{"eth0", "eth1"}
		})
		r.mustAdd(e)
		e.Disk.Close()
	}
	return r
}

// takeOver has a server get ready to replace another.
func takeOver(t *testing.T, old *running) (*running, *Succession) {
	t.Helper()
	x, err := TakeOver(old.Path)
	if err != nil {
		t.Fatal(err)
	}
	return newServer(t, old.lan), x
}

// stillServes checks that a server serves everything and takes requests.
func (r *running) stillServes() {
	r.t.Helper()
	e := newExport(r.t, 8, 0)
	r.mustAdd(e) // which waits for the end of the handover
	if _, err := r.Remove(e.Name()); err != nil {
		r.t.Error(err)
	}
	e.Disk.Close()
	if n := r.engine.count(); n != 5 {
		r.t.Errorf("%d exports are served; want 5\n%s", n, r.journal)
	}
	if a, err := r.Status(""); err != nil || len(a.Exports) != 5 {
		r.t.Errorf("status: %+v, %v", a, err)
	} else {
		for _, e := range a.Exports {
			if e.Trouble != "" {
				r.t.Errorf("%s: %s", e.Name, e.Trouble)
			}
		}
	}
}

// TestReplace has a server take over from another; a client that comes in between
// is answered by the new one.
func TestReplace(t *testing.T) {
	old := predecessor(t)
	descriptors := len(old.engine.get("e9.1").Disk.Descriptors())
	now, x := takeOver(t, old)
	if f := x.Take("metrics"); f == nil || x.Take("metrics") != nil {
		t.Error("the other listener did not come")
	} else {
		f.Close()
	}
	l, err := x.Listener()
	if err != nil {
		t.Fatal(err)
	}
	added := make(chan error)
	e := newExport(t, 8, 0)
	go func() {
		_, err := Client{old.Path}.Add(e)
		added <- err
	}()
	if err := now.Succeed(x); err != nil {
		t.Fatalf("%v\n%s", err, old.journal)
	}
	if err := old.wait(); err != ErrReplaced {
		t.Errorf("the old server ends with %v", err)
	}
	now.start(l)
	if err := <-added; err != nil {
		t.Error(err)
	}
	if _, err := now.Remove("e8.0"); err != nil {
		t.Error(err)
	}
	e.Disk.Close()
	if n := old.engine.count(); n != 0 {
		t.Errorf("the old server serves %d", n)
	}
	now.stillServes()
	if n := len(now.engine.get("e9.1").Disk.Descriptors()); n != descriptors {
		t.Errorf("e9.1 has %d descriptors; want %d", n, descriptors)
	}
	if !strings.Contains(old.journal.Leveled(), "replace: it has taken over all exports") {
		t.Errorf("the old log:\n%s", old.journal)
	}
	now.end()
	now.wait()
	now.engine.end()
	old.err <- nil
}

// replaceFailures has a successor fail, at one place after the other.
var replaceFailures = map[string]func(t *testing.T, old *running){
	"it dies when it has nothing": func(t *testing.T, old *running) {
		conn, err := dial(old.Path)
		if err != nil {
			t.Fatal(err)
		}
		(&Succession{w: wire{conn}}).say(doReplace)
		conn.Close()
	},
	"it dies when it has all": func(t *testing.T, old *running) {
		_, x := takeOver(t, old)
		x.Close()
	},
	"it dies when all has ended": func(t *testing.T, old *running) {
		_, x := takeOver(t, old)
		x.say(doReady)
		if _, _, err := x.w.hear(0, patience); err != nil {
			t.Error(err)
		}
		if n := old.engine.count(); n != 0 {
			t.Errorf("the old server serves %d", n)
		}
		x.Close()
	},
	"it talks nonsense": func(t *testing.T, old *running) {
		_, x := takeOver(t, old)
		defer x.Close()
		x.say(doServing)
		_, _, err := x.w.hear(0, patience)
		wantError(t, "nonsense", err, `the successor said "serving" instead of "ready"`)
	},
	"it cannot serve one": func(t *testing.T, old *running) {
		now, x := takeOver(t, old)
		now.engine.add = func(e Export) error {
			if e.Slot == 3 {
				return errors.New("no memory")
			}
			return nil
		}
		err := now.Succeed(x)
		wantError(t, "succeed", err, "e9.3 cannot be served: no memory; the other server goes on")
		if n := now.engine.count(); n != 0 {
			t.Errorf("the successor serves %d", n)
		}
	},
	"a disk does not end": func(t *testing.T, old *running) {
		now, x := takeOver(t, old)
		old.engine.set(func() { old.engine.undone = errors.New("a request hangs") })
		err := now.Succeed(x)
		old.engine.set(func() { old.engine.undone = nil })
		wantError(t, "succeed", err, "cannot be handed over: a request hangs")
	},
}

// TestReplaceFails has the successor fail at one place after the other: the old
// server goes on.
func TestReplaceFails(t *testing.T) {
	for name, fail := range replaceFailures {
		t.Run(name, func(t *testing.T) {
			old := predecessor(t)
			fail(t, old)
			old.stillServes()
			// And it can be replaced still.
			now, x := takeOver(t, old)
			if err := now.Succeed(x); err != nil {
				t.Fatal(err)
			}
			if err := old.wait(); err != ErrReplaced {
				t.Error(err)
			}
			if n := now.engine.count(); n != 5 {
				t.Errorf("the successor serves %d", n)
			}
			now.engine.end()
			old.err <- nil
		})
	}
}

// TestReplaceDies has the old server die at one place after the other once it has
// handed everything over: the successor serves.
func TestReplaceDies(t *testing.T) {
	for name, answers := range map[string]int{"before its end": 0, "before it hears": 1} {
		t.Run(name, func(t *testing.T) {
			a, b := pair(t)
			l := &lan{t: t, by: map[string]*engine{}}
			e := newExport(t, 9, 0)
			copied, err := e.Disk.Duplicate()
			if err != nil {
				t.Fatal(err)
			}
			e.Disk = copied
			now := newServer(t, l)
			died := make(chan error)
			go func() {
				w := wire{b}
				_, _, err := w.receive(context.Background(), maxRequest, 0, patience)
				for range answers {
					w.send(&reply{Vblade: protocol}, nil, patience)
				}
				b.Close()
				died <- err
			}()
			if err := now.Succeed(&Succession{w: wire{a}, exports: []*Export{e}, troubles: []string{""}}); err != nil {
				t.Error(err)
			}
			if err := <-died; err != nil {
				t.Error(err)
			}
			if n := now.engine.count(); n != 1 {
				t.Errorf("%d exports", n)
			}
			now.engine.end()
		})
	}
}

// TestReplaceLate has the old server resume before the successor is ready: that
// one withdraws.
func TestReplaceLate(t *testing.T) {
	a, b := pair(t)
	e := newExport(t, 9, 0)
	copied, err := e.Disk.Duplicate()
	if err != nil {
		t.Fatal(err)
	}
	e.Disk = copied
	now := newServer(t, &lan{t: t, by: map[string]*engine{}})
	go func() {
		w := wire{b}
		w.expect(doReady, patience)
		w.send(&reply{Vblade: protocol}, nil, patience)
		w.expect(doServing, patience)
		w.send(&reply{Vblade: protocol, Error: "the successor took too long"}, nil, patience)
		b.Close()
	}()
	err = now.Succeed(&Succession{w: wire{a}, exports: []*Export{e}, troubles: []string{""}})
	wantError(t, "succeed", err, "the other server goes on: the successor took too long")
	if n := now.engine.count(); n != 0 {
		t.Errorf("the successor serves %d", n)
	}
}

// TestReplaceByOther has a user who may use the socket, and is not the server's,
// ask for the descriptors.
func TestReplaceByOther(t *testing.T) {
	r := predecessor(t)
	for path, mode := range map[string]os.FileMode{r.Path: 0o666, filepath.Dir(r.Path): 0o755, filepath.Dir(filepath.Dir(r.Path)): 0o755} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	err := asNobody(t, func() error {
		if _, err := (Client{r.Path}).Status(""); err != nil {
			t.Error(err)
		}
		_, err := TakeOver(r.Path)
		return err
	})
	wantError(t, "take over", err, "only root and the user whom the server runs as may replace it; it goes on serving")
	r.stillServes()
}
