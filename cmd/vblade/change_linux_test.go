// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"vblade/internal/ata"
	"vblade/internal/control"
	"vblade/internal/journal"
	"vblade/internal/macvlan"
)

// choosy is a site of a testbed that does not serve exports with some number of
// buffers.
type choosy struct {
	*site
	on      *testbed
	refuses uint16
}

// Add serves an export, or refuses it.
func (c *choosy) Add(e control.Export) error {
	if e.Buffers == c.refuses {
		return errors.New("there is no room for it")
	}
	return c.on.host.Do(func() error { return c.site.Add(e) })
}

// newChoosy starts a server of a choosy site, and returns what changes its exports.
func newChoosy(t *testing.T, on *testbed, refuses uint16) *application {
	j := journal.New(io.Discard)
	c := &choosy{on: on, refuses: refuses}
	err := on.host.Do(func() (err error) {
		c.site, err = openSite(j)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "control")
	l, err := control.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- c.serve(ctx) }()
	go func() {
		s := control.NewServer(control.Config{Engine: c, Log: j.Log(""), End: endWithin})
		ended <- s.Serve(ctx, l)
	}()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-ended, <-ended, l.Close(), c.site.close()); err != nil {
			t.Error(err)
		}
		j.Close(patience)
	})
	return &application{console: console{stdout: io.Discard, journal: j}, server: control.Client{Path: path}}
}

// TestChangeGoesBack changes the address of an export's own together with what the
// server refuses only after the old export has ended: the interface gets its address
// back, and the old export is served again.
func TestChangeGoesBack(t *testing.T) {
	s := newTestbed(t)
	a := newChoosy(t, s, 64)
	put := func(buffers uint16, mac [6]byte) error {
		disk, err := ata.OpenFile(s.file, ata.Options{})
		if err != nil {
			t.Fatal(err)
		}
		e := &control.Export{Shelf: 9, Links: []string{"tgt0"}, Conf: "/a.conf", Filename: s.file, Buffers: buffers, Disk: disk}
		e.HWAddr = append(e.HWAddr, mac)
		defer e.Close()
		return s.host.Do(func() error {
			if err := a.look(); err != nil {
				return err
			}
			at := a.find("e9.0")
			_, err := a.put(replacement{e: e, at: at, change: at != nil})
			return err
		})
	}
	old, other := macvlan.Address(9, 0, 0), macvlan.Address(9, 1, 0)
	if err := put(16, old); err != nil {
		t.Fatal(err)
	}
	const want = "there is no room for it; e9.0 cannot be served as before either, which is tried again and again: " +
		"interface vb9.0-tgt0 has the address a2:0e:00:09:01:00, not a2:0e:00:09:00:00; " +
		"now its interfaces have their addresses again, and e9.0 is served as before"
	if err := put(64, other); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("change: %v; want %s", err, want)
	}
	if answer, err := a.server.Status("e9.0"); err != nil || answer.Exports[0].State == control.NotServed {
		t.Errorf("status: %+v, %v", answer, err)
	}
	if err := put(32, other); err != nil {
		t.Error(err)
	}
}

// TestUndoFails undoes the change of an address of an interface that is gone: the error
// says that, too.
func TestUndoFails(t *testing.T) {
	s := newTestbed(t)
	gone := macvlan.Interface{Name: "vb9.0-tgt0", Parent: "tgt0", MAC: macvlan.Address(9, 0, 0)}
	o := &ownInterfaces{moved: []macvlan.Interface{gone}}
	var err error
	s.host.Do(func() error { err = o.undoFor(errors.New("there is no room")); return nil })
	const want = "there is no room; moreover: readdress interface vb9.0-tgt0: no such device"
	if err == nil || err.Error() != want {
		t.Errorf("%v; want %s", err, want)
	}
}
