// SPDX-License-Identifier: GPL-2.0-only

package endurance

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/initiator"
	"vblade/test/lab"
	"vblade/test/slowdisk"
)

// The exports of TestIsolation, of which the first hangs, what it is asked for, how
// often, and how long a config query may take, in the best of some tries. The bound is
// wide: other programs want the processors too.
const (
	isolatedExports = 20
	hungRequests    = 320
	hungRepetitions = 4
	queryLimit      = time.Second
	queryTries      = 3
	queries         = 50
)

// TestIsolation has the disk of one of twenty exports hang, by io_uring or with
// workers, with 320 requests that are sent again and again: the others go on, and a
// config query is answered at once, by the one that hangs too.
func TestIsolation(t *testing.T) {
	for i, name := range []string{"io_uring", "workers"} {
		t.Run(name, func(t *testing.T) { testIsolation(t, i) })
	}
}

// testIsolation is TestIsolation with the disk of export i.
func testIsolation(t *testing.T, i int) {
	f := newFleet(t, program, isolatedExports, 2)
	f.addLoads(1)
	procs := runtime.GOMAXPROCS(fleetLoads + 4)
	t.Cleanup(func() { runtime.GOMAXPROCS(procs) })
	hung, others := f.exports[i], slices.Concat(f.exports[:i], f.exports[i+1:])
	for _, op := range []slowdisk.Op{slowdisk.Read, slowdisk.Write, slowdisk.Sync} {
		hung.disk.Hang(op)
	}
	stop := f.pester(hung)
	ended := make(chan error)
	for i, l := range f.loads {
		go func() {
			ended <- pinned(i, func() error { return l.others(hung) })
		}()
	}
	f.query("the others, busy", others...)
	for range f.loads {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	f.query("the others", others...)
	f.query("the one that hangs", hung)
	f.t.Logf("%d frames for the export that hangs", stop())
	for _, op := range []slowdisk.Op{slowdisk.Read, slowdisk.Write, slowdisk.Sync} {
		hung.disk.Release(op)
	}
	f.must(f.loads[0].use(hung))
	checkLog(t, f.server.Process, mostLog+isolatedExports*fleetLog)
}

// others uses every export but one, more than once.
func (l *fleetLoad) others(not *fleetExport) error {
	for range 3 {
		for _, e := range l.fleet.exports {
			if e == not {
				continue
			}
			if err := l.use(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// pester asks an export for more than it can have in flight, again and again until
// stop is called, which returns how many frames that made.
func (f *fleet) pester(e *fleetExport) (stop func() int) {
	f.t.Helper()
	st := f.host.Station(f.t, fmt.Sprint("ini", e.links[0]))
	frames := make([]aoe.Frame, hungRequests)
	for i := range frames {
		fr := make(aoe.Frame, aoe.ATALen+sectorSize)
		fr.SetHeader(aoe.Version, 0, aoe.CommandATA)
		fr.SetDst(aoe.Broadcast)
		fr.SetSrc(st.MAC)
		fr.SetTarget(e.shelf, e.slot)
		fr.SetTag(uint32(i + 1))
		if lba := uint64(i % fleetSectors); i%2 == 0 {
			fr.SetATARequest(aoe.ATAExtended, ata.ReadExt, 1, lba)
		} else {
			// What the sector holds at first: the ledger need not know.
			stamp(fr[aoe.ATALen:], lba, 0)
			fr.SetATARequest(aoe.ATAExtended|aoe.ATAWrite, ata.WriteExt, 1, lba)
		}
		frames[i] = fr
	}
	quit, sent := make(chan struct{}), make(chan int)
	go func() { sent <- resend(st, frames, quit) }()
	stop = sync.OnceValue(func() int { close(quit); return <-sent })
	f.t.Cleanup(func() { stop() }) // before the station is closed
	return stop
}

// resend sends frames again and again, some at once first, then as an impatient
// initiator does, until quit is closed. It returns how many it sent.
func resend(st *lab.Station, frames []aoe.Frame, quit <-chan struct{}) (n int) {
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	for ; ; n++ {
		// A link that has no room now drops the frame, as a LAN may.
		_ = st.Send(frames[n%len(frames)])
		if n < len(frames)*hungRepetitions || n%8 != 0 {
			continue
		}
		select {
		case <-quit:
			return n + 1
		case <-pause.C:
		}
	}
}

// query asks exports for their config, again where a machine that stands still may have
// had it wait.
func (f *fleet) query(which string, exports ...*fleetExport) {
	f.t.Helper()
	var err error
	for range queryTries {
		if err = f.queryOnce(which, exports); err == nil {
			return
		}
		f.t.Logf("%s: %v", which, err)
	}
	f.t.Errorf("%s: %v", which, err)
}

// queryOnce asks exports for their config, one after the other.
func (f *fleet) queryOnce(which string, exports []*fleetExport) error {
	f.t.Helper()
	longest := time.Duration(0)
	var links [2]*initiator.Initiator
	for i := range links {
		links[i] = f.open(fmt.Sprint("ini", i), initiator.Options{MAC: station(fleetLoads), Patience: 2 * queryLimit, Retry: 2 * queryLimit})
		defer links[i].Close()
	}
	for i := range queries {
		e := exports[i%len(exports)]
		begin := time.Now()
		if _, err := links[e.links[0]].Find(e.shelf, e.slot); err != nil {
			return fmt.Errorf("%s is asked for its config: %w", e.name(), err)
		}
		longest = max(longest, time.Since(begin))
	}
	f.t.Logf("%s: the longest of %d config queries took %v", which, queries, longest)
	if longest > queryLimit {
		return fmt.Errorf("a config query took %v; want at most %v", longest, queryLimit)
	}
	return nil
}
