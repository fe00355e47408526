// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"errors"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/internal/server"
	"vblade/test/frametest"
)

// mortalStore is a store whose every call fails once it has an error.
type mortalStore struct {
	*frametest.Store
	err atomic.Pointer[error]
}

// why returns the error that there is.
func (m *mortalStore) why() error {
	if err := m.err.Load(); err != nil {
		return *err
	}
	return nil
}

// ReadAt reads, or fails.
func (m *mortalStore) ReadAt(vecs [][]byte, off int64) (int, error) {
	if err := m.why(); err != nil {
		return 0, err
	}
	return m.Store.ReadAt(vecs, off)
}

// WriteAt writes, or fails.
func (m *mortalStore) WriteAt(vecs [][]byte, off int64) (int, error) {
	if err := m.why(); err != nil {
		return 0, err
	}
	return m.Store.WriteAt(vecs, off)
}

// Sync syncs, or fails.
func (m *mortalStore) Sync() error {
	if err := m.why(); err != nil {
		return err
	}
	return m.Store.Sync()
}

// Refresh looks, or fails.
func (m *mortalStore) Refresh() error { return m.why() }

// serveMortal serves a mortal export at the table's address, and another beside it.
// What the first fails with comes by the channel.
func serveMortal(t *testing.T, m *mortalStore) (*session, <-chan error) {
	t.Helper()
	m.Store = frametest.Export{}.NewStore()
	link := frametest.NewLink(1500)
	s := &session{stage: newStage(t, link.Host, buffers, bufferLen, link), link: link}
	failed := make(chan error, 10)
	b := newBlade(frametest.Export{}, m)
	if err := s.server.AddWith(b, server.Options{Failed: func(err error) { failed <- err }}, s.ports...); err != nil {
		t.Fatal(err)
	}
	s.add(blade.New(frametest.Export{}.NewStore(), blade.Config{Shelf: frametest.Shelf, Slot: 9}))
	s.serve(patience)
	return s, failed
}

// tagged returns a frame with another tag.
func tagged(f []byte, tag uint32) []byte {
	f = bytes.Clone(f)
	aoe.Frame(f).SetTag(tag)
	return f
}

// lives waits until the other export has answered a request: all that came before
// has been taken.
func (s *session) lives(tag uint32) {
	s.t.Helper()
	s.link.Deliver(tagged(ataFrame(0x20, 1, 5, 9), tag))
	if !s.link.Await(func() bool { return s.link.Reply(tag) != nil }) {
		s.t.Fatal("the other export does not answer any more")
	}
}

// TestFailStop has a disk fail with each error, by each kind of request: nothing is
// answered by its export from then on, the failed request included.
func TestFailStop(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		frame []byte
		stops bool
	}{
		"EIO":       {syscall.EIO, ataFrame(0x20, 1, 5, frametest.Slot), true},
		"ENXIO":     {syscall.ENXIO, writeFrame(1, 5, 1), true},
		"ENODEV":    {syscall.ENODEV, flushFrameOf(frametest.Slot), true},
		"ENOTCONN":  {syscall.ENOTCONN, ataFrame(0xec, 1, 0, frametest.Slot), true},
		"ESHUTDOWN": {syscall.ESHUTDOWN, ataFrame(0x20, 1, 5, frametest.Slot), true},
		"ENOSPC":    {syscall.ENOSPC, writeFrame(1, 5, 1), false},
	} {
		t.Run(name, func(t *testing.T) {
			m := new(mortalStore)
			s, failed := serveMortal(t, m)
			s.link.Deliver(tagged(c.frame, 1))
			if !s.link.Await(func() bool { return s.link.Reply(1) != nil }) {
				t.Fatal("no answer while the disk works")
			}
			m.err.Store(&c.err)
			s.link.Deliver(tagged(c.frame, 2))
			if !c.stops {
				if !s.link.Await(func() bool { return s.link.Reply(2) != nil }) {
					t.Error("no answer to what may fail")
				}
				return
			}
			select {
			case err := <-failed:
				if !errors.Is(err, c.err) {
					t.Errorf("it failed with %v", err)
				}
			case <-time.After(patience):
				t.Fatal("that the disk has failed is not told")
			}
			question := configFrame(5, aoe.ConfigRead, "")
			question.SetTarget(frametest.Shelf, frametest.Slot)
			s.link.Deliver(tagged(ataFrame(0x20, 1, 7, frametest.Slot), 3), tagged(c.frame, 4), question)
			s.lives(6)
			m.err.Store(nil)
			s.link.Deliver(tagged(c.frame, 7))
			s.lives(8)
			s.end()
			for _, tag := range []uint32{2, 3, 4, 5, 7} {
				if r := s.link.Reply(tag); r != nil {
					t.Errorf("request %d is answered: % x", tag, r)
				}
			}
			if len(failed) > 0 {
				t.Error("that is told twice")
			}
			if n := strings.Count(s.log.String(), "nothing is answered any more"); n != 1 {
				t.Errorf("logged is\n%s", s.log)
			}
		})
	}
}

// TestFailStopInFlight has writes in flight when the disk fails: none is answered, and
// another export goes on.
func TestFailStopInFlight(t *testing.T) {
	eachEngine(t, func(t *testing.T, kind engineKind) {
		disk, link := kind.disk(t), frametest.NewLink(9000)
		e := newEngine(t, link.Host, link, kind.rings)
		failed := make(chan error, 2*apart)
		b := blade.New(disk.store(), blade.Config{Shelf: 9, Host: "h"})
		if err := e.server.AddWith(b, server.Options{Failed: func(err error) { failed <- err }}, e.ports...); err != nil {
			t.Fatal(err)
		}
		e.add(blade.New(newMemoryDisk(t).store(), blade.Config{Shelf: 9, Slot: 1, Host: "h"}))
		e.serve(patience)
		t.Cleanup(disk.release)
		tr := &trial{e, disk}
		disk.hang(ata.OpWrite, 0, unrulySectors)
		tr.deliverApart(true)
		tr.await(ata.OpWrite, kind.atOnce(ata.OpWrite, apart))
		disk.spoil(0, unrulySectors)
		disk.release()
		select {
		case err := <-failed:
			if !errors.Is(err, syscall.EIO) {
				t.Errorf("it failed with %v", err)
			}
		case <-time.After(patience):
			t.Fatal("that the disk has failed is not told")
		}
		tr.toOther(transferFrame(200, 5, 1, nil))
		e.end()
		for tag := uint32(apartStep); tag <= apart*apartStep; tag += apartStep {
			if r := link.Reply(tag); r != nil {
				t.Errorf("write %d is answered: % x", tag, r)
			}
		}
		if len(failed) > 0 {
			t.Error("that is told twice")
		}
	})
}

// flushFrameOf is a flush of the table's export of a slot.
func flushFrameOf(slot uint8) []byte { return ataFrame(0xe7, 0, 0, slot) }
