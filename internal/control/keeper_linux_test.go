// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"sync"
	"testing"

	"vblade/internal/ata"
)

// keeper is a Keeper in memory.
type keeper struct {
	mu   sync.Mutex
	kept map[string]string
	err  error
	look func(files []*os.File) // at what is kept; nil for none

	drops int // so far
}

// get returns what is kept.
func (k *keeper) get() map[string]string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return maps.Clone(k.kept)
}

// fail has all calls fail from now on.
func (k *keeper) fail(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.err = err
}

// Keep keeps the parameters.
func (k *keeper) Keep(name string, encoded []byte, files []*os.File) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kept[name] = fmt.Sprintf("%s and %d files", encoded, len(files))
	if k.look != nil {
		k.look(files)
	}
	return k.err
}

// Drop forgets them.
func (k *keeper) Drop(name string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.kept, name)
	k.drops++
	return k.err
}

// TestKeeper checks that what is served is kept, and what is removed is not.
func TestKeeper(t *testing.T) {
	k := &keeper{kept: map[string]string{}}
	r := startServer(t, func(c *Config) { c.Keeper = k })
	e := newExport(t, 9, 0, func(e *Export) { e.File = ata.Options{Sync: true, Writers: 4} })
	r.mustAdd(e)
	encoded, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if want := string(encoded) + " and 5 files"; k.get()["e9.0"] != want {
		t.Errorf("kept: %s; want %s", k.get()["e9.0"], want)
	}
	if _, err := r.Remove("e9.0"); err != nil || len(k.get()) != 0 {
		t.Errorf("after remove: %v, %v", k.get(), err)
	}
	k.fail(errors.New("there is no room"))
	a := r.mustAdd(newExport(t, 9, 1))
	if len(a.Warnings) != 1 || !strings.Contains(a.Warnings[0], "it will be lost in a restart of the server: there is no room") {
		t.Errorf("warnings: %q", a.Warnings)
	}
}

// TestRestore restores exports of which one cannot be served yet.
func TestRestore(t *testing.T) {
	r := startServer(t)
	r.engine.set(func() {
		r.engine.add = func(e Export) error {
			if e.Slot == 1 {
				return errors.New("interface eth0: no such network interface")
			}
			return nil
		}
	})
	var exports []*Export
	for slot := range uint8(3) {
		e := newExport(t, 9, slot)
		encoded, err := e.Encode()
		if err != nil {
			t.Fatal(err)
		}
		copied, err := e.Disk.Duplicate()
		if err != nil {
			t.Fatal(err)
		}
		restored, err := Decode(encoded, copied.Descriptors())
		if err != nil {
			t.Fatal(err)
		}
		exports = append(exports, restored)
		e.Disk.Close()
	}
	r.Restore(exports)
	a, err := r.Status("")
	if err != nil || len(a.Exports) != 3 || a.Exports[0].Trouble != "" || !strings.Contains(a.Exports[1].Trouble, "no such network interface") {
		t.Errorf("status: %+v, %v", a, err)
	}
	r.Retry()
	if n := r.engine.count(); n != 2 {
		t.Errorf("%d exports; want 2", n)
	}
	r.engine.set(func() { r.engine.add = nil })
	r.Retry()
	if a, err = r.Status("e9.1"); err != nil || a.Exports[0].Trouble != "" || r.engine.count() != 3 {
		t.Errorf("status: %+v, %v", a, err)
	}
}

// TestFailedRemains adds an export in place of one that could not be restored, and
// cannot be served either: the former is tried again, and kept.
func TestFailedRemains(t *testing.T) {
	k := &keeper{kept: map[string]string{}}
	r := startServer(t, func(c *Config) { c.Keeper = k })
	r.engine.set(func() { r.engine.add = func(Export) error { return errors.New("not yet") } })
	e := newExport(t, 9, 0)
	copied, err := e.Disk.Duplicate()
	if err != nil {
		t.Fatal(err)
	}
	before := *e
	before.Disk = copied
	r.Restore([]*Export{&before})
	_, err = r.Add(newExport(t, 9, 0, func(e *Export) { e.Buffers = 64 }))
	wantError(t, "add", err, "not yet")
	if a, err := r.Status("e9.0"); err != nil || a.Exports[0].Trouble != "not yet" {
		t.Errorf("status: %+v, %v", a, err)
	}
	r.engine.set(func() { r.engine.add = nil })
	r.Retry()
	if got := r.engine.get("e9.0"); got.Buffers != 16 || k.drops > 0 {
		t.Errorf("served is %+v, after %d drops", got, k.drops)
	}
}

// TestFailedIsReplaced adds and removes exports that could not be restored.
func TestFailedIsReplaced(t *testing.T) {
	r := startServer(t)
	r.engine.set(func() { r.engine.add = func(Export) error { return errors.New("no") } })
	var exports []*Export
	for slot := range uint8(2) {
		e := newExport(t, 9, slot)
		copied, err := e.Disk.Duplicate()
		if err != nil {
			t.Fatal(err)
		}
		e.Disk.Close()
		e.Disk = copied
		exports = append(exports, e)
	}
	r.Restore(exports)
	r.engine.set(func() { r.engine.add = nil })
	if _, err := r.Remove("e9.0"); err != nil {
		t.Error(err)
	}
	r.mustAdd(newExport(t, 9, 1))
	if a, err := r.Status(""); err != nil || len(a.Exports) != 1 || a.Exports[0].Trouble != "" {
		t.Errorf("status: %+v, %v", a, err)
	}
}
