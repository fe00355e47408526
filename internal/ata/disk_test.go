// SPDX-License-Identifier: GPL-2.0-only

package ata_test

import (
	"bytes"
	"errors"
	"testing"

	"vblade/internal/ata"
	"vblade/test/frametest"
)

// TestStart gives commands to a disk of 64 sectors: what comes of each before
// the disk is asked (section 2).
func TestStart(t *testing.T) {
	const limit = 4
	var none ata.Work
	work := func(op ata.Op, lba int64, n int) ata.Work {
		return ata.Work{Op: op, LBA: lba, Data: make([]byte, n*ata.SectorSize)}
	}
	done := func(count uint8) ata.Result { return ata.Result{Status: 0x40, Count: count} }
	failed := func(err, count uint8) ata.Result { return ata.Result{Status: 0x41, Error: err, Count: count} }
	for _, c := range []struct {
		command  ata.Command
		held     int // bytes that came with it
		readOnly bool
		work     ata.Work
		result   ata.Result
		err      error
	}{
		{command: ata.Command{Opcode: 0x20, Count: 4, LBA: 60}, work: work(ata.OpRead, 60, 4)},
		{command: ata.Command{Opcode: 0x24, Count: 1, LBA: 63}, work: work(ata.OpRead, 63, 1)},
		{command: ata.Command{Opcode: 0x20, Count: 5}, err: ata.ErrArgument},
		{command: ata.Command{Opcode: 0x20, Count: 4, LBA: 61}, result: failed(0x10, 4)},
		{command: ata.Command{Opcode: 0x20, Count: 1, LBA: 0xffff_f000_0003}, work: work(ata.OpRead, 3, 1)},
		{command: ata.Command{Opcode: 0x24, Count: 1, LBA: 0x1000_0003}, result: failed(0x10, 1)},
		{command: ata.Command{Opcode: 0x24, Count: 4, LBA: 1<<48 - 1}, result: failed(0x10, 4)},
		{command: ata.Command{Opcode: 0x24, Count: 1, LBA: 1<<48 + 3}, work: work(ata.OpRead, 3, 1)},
		{command: ata.Command{Opcode: 0x20, LBA: 64}, result: done(0)},
		{command: ata.Command{Opcode: 0x20, LBA: 65}, result: failed(0x10, 0)},
		{command: ata.Command{Opcode: 0x30, Count: 2, LBA: 5}, held: 1024, work: work(ata.OpWrite, 5, 2)},
		{command: ata.Command{Opcode: 0x34, Count: 2, LBA: 5}, held: 1 << 20, work: work(ata.OpWrite, 5, 2)},
		{command: ata.Command{Opcode: 0x30, Count: 2, LBA: 5}, held: 1023, err: ata.ErrArgument},
		{command: ata.Command{Opcode: 0x30, Count: 2, LBA: 63}, held: 1023, result: failed(0x10, 2)},
		{command: ata.Command{Opcode: 0x30, LBA: 5}, result: done(0)},
		{command: ata.Command{Opcode: 0x30, Count: 2, LBA: 5}, held: 1024, readOnly: true, result: failed(0x04, 2)},
		{command: ata.Command{Opcode: 0x30, LBA: 5}, readOnly: true, result: done(0)},
		{command: ata.Command{Opcode: 0x20, Count: 1, LBA: 5}, readOnly: true, work: work(ata.OpRead, 5, 1)},
		{command: ata.Command{Opcode: 0xe7, Count: 9}, work: ata.Work{Op: ata.OpFlush}},
		{command: ata.Command{Opcode: 0xea}, work: ata.Work{Op: ata.OpFlush}},
		{command: ata.Command{Opcode: 0xe5, Count: 7}, result: done(0xff)},
		{command: ata.Command{Opcode: 0xec, Count: 1}, work: work(ata.OpIdentify, 0, 1)},
		{command: ata.Command{Opcode: 0xec}, err: ata.ErrArgument},
		{command: ata.Command{Opcode: 0xec, Count: 2}, err: ata.ErrArgument},
		{command: ata.Command{Opcode: 0xa1, Count: 3}, result: failed(0x04, 3)},
	} {
		d := ata.NewDisk(frametest.Export{ReadOnly: c.readOnly}.NewStore(), ata.Identity{})
		data := make([]byte, limit*ata.SectorSize)
		w, r, err := d.Start(c.command, data, c.held, limit)
		if !errors.Is(err, c.err) {
			t.Errorf("%+v: error %v; want %v", c.command, err, c.err)
		}
		if w.Op != c.work.Op || w.LBA != c.work.LBA || len(w.Data) != len(c.work.Data) || w.Sectors() != c.work.Sectors() {
			t.Errorf("%+v: work %d at %d on %d bytes; want %+v", c.command, w.Op, w.LBA, len(w.Data), c.work)
		}
		if w.Op == none.Op && err == nil && r != c.result {
			t.Errorf("%+v: result %+v; want %+v", c.command, r, c.result)
		}
		if len(w.Data) > 0 && &w.Data[0] != &data[0] {
			t.Errorf("%+v: the work is not on the frame's own bytes", c.command)
		}
	}
}

// TestStartWithoutRoom gives commands on a link whose frames carry no sector.
func TestStartWithoutRoom(t *testing.T) {
	d := ata.NewDisk(frametest.Export{}.NewStore(), ata.Identity{})
	for _, c := range []ata.Command{{Opcode: 0x20, Count: 1}, {Opcode: 0x34, Count: 1}, {Opcode: 0xec, Count: 1}} {
		if _, _, err := d.Start(c, nil, 0, 0); !errors.Is(err, ata.ErrArgument) {
			t.Errorf("%+v: error %v", c, err)
		}
	}
	if _, r, err := d.Start(ata.Command{Opcode: 0xe5}, nil, 0, 0); err != nil || r.Status != 0x40 {
		t.Errorf("CHECK POWER MODE: %+v, %v", r, err)
	}
}

// TestDo does work on a disk whose sector 11 is bad.
func TestDo(t *testing.T) {
	store := frametest.Export{BadSector: 11}.NewStore()
	d := ata.NewDisk(store, ata.Identity{})
	if d.Sectors() != frametest.Sectors {
		t.Errorf("the disk has %d sectors", d.Sectors())
	}
	for _, c := range []struct {
		op   ata.Op
		lba  int64
		n    int // sectors
		want int
	}{
		{ata.OpRead, 0, 4, 4}, {ata.OpRead, 9, 2, 2}, {ata.OpRead, 9, 4, 2}, {ata.OpRead, 11, 1, 0}, {ata.OpRead, 12, 1, 1},
		{ata.OpWrite, 0, 4, 4}, {ata.OpWrite, 8, 8, 3}, {ata.OpWrite, 11, 2, 0}, {ata.OpNone, 0, 0, 0}, {ata.OpFlush, 0, 0, 0},
	} {
		data := pattern(c.n*ata.SectorSize, 9)
		n, err := d.Do(c.op, c.lba, split(data, 2))
		if n != c.want || (err != nil) != (c.want < c.n) {
			t.Errorf("%+v: %d sectors, %v", c, n, err)
		}
		if want := frametest.Content(int(c.lba), n); c.op == ata.OpRead && c.lba > 8 && !bytes.Equal(data[:len(want)], want) {
			t.Errorf("%+v: other data", c)
		}
	}
	holds(t, store, 8*ata.SectorSize, pattern(3*ata.SectorSize, 9))
	if store.Syncs() != 1 {
		t.Errorf("the store was synced %d times; want once", store.Syncs())
	}
	broken := ata.NewDisk(frametest.Export{BadFlush: true}.NewStore(), ata.Identity{})
	if _, err := broken.Do(ata.OpFlush, 0, nil); err == nil {
		t.Error("a failed flush is no error")
	}
}

// TestFinish turns what was done into registers.
func TestFinish(t *testing.T) {
	bad := errors.New("bad sector")
	for _, c := range []struct {
		command ata.Command
		n       int
		err     error
		want    ata.Result
	}{
		{ata.Command{Opcode: 0x20, Count: 4}, 4, nil, ata.Result{Status: 0x40}},
		{ata.Command{Opcode: 0x34, Count: 255}, 255, nil, ata.Result{Status: 0x40}},
		{ata.Command{Opcode: 0x20, Count: 4}, 1, bad, ata.Result{Status: 0x41, Error: 0x04, Count: 3}},
		{ata.Command{Opcode: 0x30, Count: 4}, 0, bad, ata.Result{Status: 0x41, Error: 0x04, Count: 4}},
		{ata.Command{Opcode: 0xe7, Count: 4}, 0, nil, ata.Result{Status: 0x40, Count: 4}},
		{ata.Command{Opcode: 0xea, Count: 0}, 0, bad, ata.Result{Status: 0x41, Error: 0x04}},
		{ata.Command{Opcode: 0xec, Count: 1}, 1, bad, ata.Result{Status: 0x40}},
	} {
		if got := c.command.Finish(c.n, c.err); got != c.want {
			t.Errorf("%+v with %d sectors and %v: %+v; want %+v", c.command, c.n, c.err, got, c.want)
		}
	}
}

// TestTryRead checks that a disk asks only a Store that can tell.
func TestTryRead(t *testing.T) {
	d := ata.NewDisk(frametest.Export{}.NewStore(), ata.Identity{})
	if err := d.TryRead(0, [][]byte{make([]byte, 512)}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a store that cannot tell: %v", err)
	}
	told := &teller{Store: frametest.Export{}.NewStore()}
	d = ata.NewDisk(told, ata.Identity{})
	if err := d.TryRead(7, [][]byte{make([]byte, 512)}); err != ata.ErrWouldWait || told.off != 7*512 {
		t.Errorf("a store that can tell is asked at %d: %v", told.off, err)
	}
}

// teller is a Store that always has to be waited for.
type teller struct {
	*frametest.Store
	off int64
}

// TryReadAt keeps the offset.
func (s *teller) TryReadAt(_ [][]byte, off int64) error {
	s.off = off
	return ata.ErrWouldWait
}
