// SPDX-License-Identifier: GPL-2.0-only

package endurance

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"vblade/test/lab"
)

// TestSoakExports has a server with 200 exports on two links, all in use, with
// verification, while exports are removed and added, links flap and disks fail, for
// as long as SOAK says: nothing is lost, nothing is wrong, and the server holds in
// the end what it held when each fault had been there.
func TestSoakExports(t *testing.T) {
	limit := endurance(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	f := newFleetFaults(newFleet(t, program, fleetExports, fleetFragile), seed)
	var warm usage
	f.against(func() error {
		err := f.each()
		warm = usageOf(t, f.server.Process)
		for end := time.Now().Add(limit); err == nil && time.Now().Before(end) && f.server.Alive(); {
			err = f.any()
		}
		return err
	})
	checkFlat(t, warm, usageOf(t, f.server.Process), soakGrowth)
	f.summary()
}

// TestExportsRaced has a server with some exports live through all of that once,
// under the race detector.
func TestExportsRaced(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	f := newFleetFaults(newFleet(t, raced(t), racedExports, fleetFragile), seed)
	f.against(f.each)
	f.summary()
}

// racedExports is how many exports TestExportsRaced has.
const racedExports = 20

// against makes faults while all loads work: neither may meet an error.
func (f *fleetFaults) against(makeFaults func() error) {
	f.t.Helper()
	procs := runtime.GOMAXPROCS(fleetLoads + 4)
	f.t.Cleanup(func() { runtime.GOMAXPROCS(procs) })
	ended := make(chan error)
	for i, l := range f.loads {
		go func() { ended <- pinned(i, l.work) }()
	}
	err := makeFaults()
	close(f.ending)
	for range f.loads {
		err = errors.Join(err, <-ended)
	}
	if err != nil {
		f.t.Errorf("after %s: %v", f.last, err)
	}
}

// fleetLog is what a log may say of a fault, in bytes: of a link, what concerns it;
// of a report, a line an export and a link.
const fleetLog = 2 << 10

// summary checks what the server has come to, and says what was done to it.
func (f *fleetFaults) summary() {
	f.t.Helper()
	answered, failed, used := 0, 0, 0
	for _, l := range f.loads {
		answered, failed, used = answered+l.answered, failed+l.failed, used+l.used
	}
	f.t.Logf("%d requests in %d rounds; %d failed with a disk", answered, used, failed)
	f.t.Logf("faults: %s", f.faults)
	lab.CheckRings(f.t, f.server.Process, true)
	for _, e := range f.exports {
		target, err := f.loads[0].links[e.links[0]].Find(e.shelf, e.slot)
		if err == nil {
			err = e.ledger.verify(target, region{0, fleetSectors})
		}
		if err != nil {
			f.t.Errorf("in the end: %v", err)
		}
	}
	checkLog(f.t, f.server.Process, mostLog+(fleetExports+f.count()+f.reports*fleetExports)*fleetLog)
}
