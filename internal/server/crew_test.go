// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"testing"
	"time"

	"vblade/internal/ata"
)

// serialStore is a store whose writes belong in batches, one at a time.
type serialStore struct{ blankStore }

// Batches returns how many are written at once.
func (*serialStore) Batches() int { return 1 }

// Begin is not called.
func (*serialStore) Begin() ata.Batch { return nil }

// TestWritesKeepNoRead gives an export one worker, and another write whenever that
// has done something: a read has its turn all the same, and before it the write
// that came first.
func TestWritesKeepNoRead(t *testing.T) {
	e := &export{disk: ata.NewDisk(new(serialStore), ata.Identity{}), most: maxRun}
	c, u := crew{busy: CrewSize - 1}, newRun()
	put := func(op ata.Op, arrived int) {
		r := &request{export: e, arrived: time.Duration(arrived)}
		r.Work = ata.Work{Op: op, LBA: int64(10 * arrived), Data: make([]byte, ata.SectorSize)}
		c.put(r)
	}
	put(ata.OpWrite, 1)
	put(ata.OpRead, 2)
	for i, want := range []ata.Op{ata.OpWrite, ata.OpRead, ata.OpWrite} {
		if !c.take(&u) {
			t.Fatal("the worker gets nothing")
		}
		if u.op() != want {
			t.Errorf("run %d is operation %d; want %d", i, u.op(), want)
		}
		c.done(&u)
		put(ata.OpWrite, 3+i)
	}
}
