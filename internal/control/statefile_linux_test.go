// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"vblade/internal/aoe"
	"vblade/internal/blade"
	"vblade/internal/statefile"
)

// keptExport returns an export with a state file in a directory, as it is opened now.
func keptExport(t *testing.T, dir string, change ...func(*Export)) *Export {
	t.Helper()
	e := newExport(t, 9, 0, change...)
	f, warning, err := statefile.Open(dir, aoe.Address{Shelf: 9})
	if err != nil || warning != nil {
		t.Fatal(err, warning)
	}
	t.Cleanup(func() { f.Close() })
	e.State = f
	return e
}

// setMasks has initiators have set masks of the export that an engine serves.
func (g *engine) setMasks(t *testing.T, masks ...aoe.MAC) {
	t.Helper()
	s, err := blade.NewState([]byte("text"), true, masks, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.get("e9.0").State.Save(s); err != nil {
		t.Fatal(err)
	}
}

// masks returns those that are kept of the export that an engine serves.
func (g *engine) masks(t *testing.T) []aoe.MAC {
	t.Helper()
	s, err := g.get("e9.0").State.Load()
	if err != nil || string(s.Config()) != "text" {
		t.Fatalf("kept are a config string %q, %v", s.Config(), err)
	}
	return s.Masks()
}

// TestState adds an export with a state file, in whatever order its descriptors come:
// it is the engine's, locked, and the same export again is the one with the same file.
func TestState(t *testing.T) {
	r, dir := startServer(t), t.TempDir()
	e := keptExport(t, dir, func(e *Export) { e.Serial = "volume 7" })
	r.mustAdd(e)
	e.Close()
	got := r.engine.get("e9.0")
	if got.Serial != "volume 7" || got.State == nil || got.State.Path() != filepath.Join(dir, "e9.0.state") {
		t.Fatalf("it came as %+v", got)
	}
	again := keptExport(t, dir, func(again *Export) { again.Filename, again.Serial = e.Filename, e.Serial })
	openDisk(t, again)
	if !again.State.InUse() {
		t.Error("the file is not locked")
	}
	if a, err := r.Add(again); err != nil || a.Did != Kept {
		t.Errorf("the same again: %+v, %v", a, err)
	}
	for name, change := range map[string]func(*Export){
		"no state":       func(e *Export) { e.State = nil },
		"another file":   func(e *Export) { e.State = keptExport(t, t.TempDir()).State },
		"another serial": func(e *Export) { e.Serial = "volume 8" },
	} {
		other := *again
		change(&other)
		_, err := r.Add(&other)
		wantError(t, name, err, "e9.0 is served already")
	}
}

// TestLockIsKept has a conf file take over an export that was added by hand: what is
// kept over a restart is the opening of the state file that has the lock.
func TestLockIsKept(t *testing.T) {
	k := &keeper{kept: map[string]string{}}
	r, dir := startServer(t, func(c *Config) { c.Keeper = k }), t.TempDir()
	e := keptExport(t, dir)
	r.mustAdd(e)
	e.Close()
	again := keptExport(t, dir, func(again *Export) { again.Filename = e.Filename })
	openDisk(t, again)
	again.Conf = "/etc/mail.conf"
	var looked atomic.Bool
	k.mu.Lock()
	k.look = func(files []*os.File) {
		looked.Store(true)
		if err := unix.Flock(int(files[len(files)-1].Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
			t.Errorf("what is kept has not the lock: %v", err)
		}
	}
	k.mu.Unlock()
	if a := r.mustAdd(again); a.Did != Kept || !looked.Load() {
		t.Errorf("it is %s, looked at: %v", a.Did, looked.Load())
	}
}

// TestStateRefused adds exports whose state file is not as it should be.
func TestStateRefused(t *testing.T) {
	r, dir := startServer(t), t.TempDir()
	e := keptExport(t, dir)
	file, err := os.OpenFile(e.State.Path(), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	held := keptExport(t, dir) // which the first has locked
	if _, err := r.Add(held); err == nil || !strings.Contains(err.Error(), "e9.0.state is in use by another process") {
		t.Errorf("a file that another process has: %v", err)
	}
	p := e.parameters()
	for name, c := range map[string]struct {
		files []*os.File
		want  string
	}{
		"no descriptor":   {e.Disk.Descriptors(), "no descriptor is of " + p.StateFile.Path},
		"two descriptors": {append(e.files(), file), "two descriptors are of " + p.StateFile.Path},
		"no disk":         {[]*os.File{e.State.Descriptor()}, "0 descriptors do not fit the options"},
	} {
		_, err := r.ask(&request{Do: doAdd, Export: p}, c.files)
		wantError(t, name, err, c.want)
	}
	if n := r.engine.count(); n != 0 {
		t.Errorf("%d exports", n)
	}
}

// TestMasksPrevail changes an export, with its masks, that has kept others: those that
// it is given prevail, unless it cannot be served.
func TestMasksPrevail(t *testing.T) {
	r, dir := startServer(t), t.TempDir()
	e := keptExport(t, dir)
	r.mustAdd(e)
	e.Close()
	own := aoe.MAC{2, 5: 9}
	r.engine.setMasks(t, own)
	buffers := func(n uint16) func(*Export) {
		return func(e *Export) { e.Buffers, e.Masks = n, masks(2) }
	}
	r.engine.set(func() {
		r.engine.add = func(e Export) error {
			if e.Buffers == 64 {
				return errors.New("interface eth0: no such network interface")
			}
			return nil
		}
	})
	_, err := r.Change(keptExport(t, dir, buffers(64)))
	wantError(t, "what cannot be served", err, "e9.0 is served as before")
	if got := r.engine.masks(t); len(got) != 1 || got[0] != own {
		t.Errorf("kept are the masks %v", got)
	}
	const says = "e9.0: the masks that initiators had set give way to those that it is added with"
	a, err := r.Change(keptExport(t, dir, buffers(65)))
	if err != nil || a.Did != Changed || len(a.Warnings) != 1 || a.Warnings[0] != says || !strings.Contains(r.journal.Leveled(), "warning: "+says) {
		t.Errorf("a change: %+v, %v; the log is\n%s", a, err, r.journal)
	}
	if got := r.engine.masks(t); len(got) != 0 {
		t.Errorf("kept are the masks %v", got)
	}
	r.engine.setMasks(t, own)
	if a, err := r.Change(keptExport(t, dir, func(e *Export) { e.Buffers = 66 })); err != nil || len(a.Warnings) != 0 {
		t.Errorf("a change without masks: %+v, %v", a, err)
	}
	if got := r.engine.masks(t); len(got) != 1 {
		t.Errorf("kept are the masks %v", got)
	}
}
