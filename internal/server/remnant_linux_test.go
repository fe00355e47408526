// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/test/frametest"
)

// windowOf returns an export, not added, of a window of a file.
func windowOf(t *testing.T, path string, o ata.Options) *export {
	t.Helper()
	f, err := ata.OpenFile(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return newExport(blade.New(f, blade.Config{Shelf: 9}), nil)
}

// TestLaneFor finds the lanes of exports that are added while calls of removed ones
// hang.
func TestLaneFor(t *testing.T) {
	path, otherPath := filepath.Join(t.TempDir(), "disk"), filepath.Join(t.TempDir(), "other")
	for _, p := range []string{path, otherPath} {
		if err := os.WriteFile(p, make([]byte, 100*ata.SectorSize), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const hangs = "may still write to the same sectors"
	saving := func(r, e *export) {
		r.keeping.since.Store(1)
		e.keeping.keeper = gatedKeeper(nil)
	}
	for name, c := range map[string]struct {
		path          string
		removed, next ata.Options
		but           func(removed, next *export)
		shares        bool
		want          string // in the error
	}{
		"the same":              {path: path, shares: true},
		"longer":                {path: path, removed: ata.Options{Length: 10}, shares: true},
		"another file":          {path: otherPath},
		"behind it":             {path: path, removed: ata.Options{Length: 10}, next: ata.Options{Offset: 10}},
		"at another offset":     {path: path, next: ata.Options{Offset: 10}, want: hangs},
		"read-only, at another": {path: path, next: ata.Options{Offset: 10, ReadOnly: true}, want: hangs},
		"both read-only":        {path: path, removed: ata.Options{ReadOnly: true}, next: ata.Options{Offset: 10, ReadOnly: true}},
		"its state hangs":       {path: path, but: saving, want: "e9.0 was removed while a change of its state was being kept"},
		"no state":              {path: path, but: func(r, _ *export) { r.keeping.since.Store(1) }, shares: true},
	} {
		s := New(frametest.NewHost(), new(frametest.Log))
		removed, next := windowOf(t, path, c.removed), windowOf(t, c.path, c.next)
		removed.lane = s.lanes.take()
		s.remnants = []*export{removed}
		if c.but != nil {
			c.but(removed, next)
		}
		l, err := s.laneFor(next)
		switch {
		case c.want == "" && err != nil, c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %s", name, err, c.want)
		case err == nil && (l == removed.lane) != c.shares:
			t.Errorf("%s: it shares the lane: %v", name, l == removed.lane)
		}
	}
}

// TestLaneForTwo adds an export over the hanging calls of two that were served at
// once, and had no order between them.
func TestLaneForTwo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(path, make([]byte, 100*ata.SectorSize), 0o600); err != nil {
		t.Fatal(err)
	}
	s := New(frametest.NewHost(), new(frametest.Log))
	for range 2 {
		e := windowOf(t, path, ata.Options{})
		e.lane = s.lanes.take()
		s.remnants = append(s.remnants, e)
	}
	if _, err := s.laneFor(windowOf(t, path, ata.Options{})); err == nil {
		t.Error("it shares one of their lanes")
	}
	s.remnants[1].lane = s.remnants[0].lane
	if _, err := s.laneFor(windowOf(t, path, ata.Options{})); err != nil {
		t.Error(err)
	}
}
