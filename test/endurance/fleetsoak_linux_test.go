// SPDX-License-Identifier: GPL-2.0-only

package endurance

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"syscall"
	"testing"
	"time"

	"vblade/test/slowdisk"
)

// TestSoakExports has a server with 200 exports on two links, all in use, with
// verification, while exports are removed and added, links flap and disks fail, for
// as long as SOAK says: nothing is lost, nothing is wrong, and the server holds in
// the end what it held when each fault had been there.
func TestSoakExports(t *testing.T) {
	limit := endurance(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	f := newFleet(t, program, fleetExports, fleetFragile)
	o := newOdds(f, seed)
	var warm usage
	o.against(func() error {
		err := o.each()
		warm = usageOf(t, f.server.Process)
		for end := time.Now().Add(limit); err == nil && time.Now().Before(end) && f.server.Alive(); {
			err = o.any()
		}
		return err
	})
	checkFlat(t, warm, usageOf(t, f.server.Process), soakGrowth)
	f.summary(o)
}

// TestExportsRaced has a server with some exports live through all of that once,
// under the race detector.
func TestExportsRaced(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	f := newFleet(t, raced(t), racedExports, fleetFragile)
	o := newOdds(f, seed)
	o.against(o.each)
	f.summary(o)
}

// racedExports is how many exports TestExportsRaced has.
const racedExports = 20

// newOdds returns the odds of a fleet, which it gives its loads.
func newOdds(f *fleet, seed uint64) *odds {
	f.man(seed)
	return &odds{fleet: f, rng: rand.New(rand.NewPCG(seed, fleetLoads)), made: map[string]int{}}
}

// against runs f while all loads work, which must meet no error, nor f.
func (o *odds) against(f func() error) {
	o.t.Helper()
	procs := runtime.GOMAXPROCS(fleetLoads + 4)
	o.t.Cleanup(func() { runtime.GOMAXPROCS(procs) })
	ended := make(chan error)
	for i, l := range o.loads {
		go func() { ended <- pinned(i, l.work) }()
	}
	err := f()
	close(o.ending)
	for range o.loads {
		err = errors.Join(err, <-ended)
	}
	if err != nil {
		o.t.Errorf("after %s: %v", o.last, err)
	}
}

// odds makes what a fleet must outlive, one after the other.
type odds struct {
	*fleet
	rng  *rand.Rand
	made map[string]int
	last string
}

// kinds are what there is.
func (o *odds) kinds() []fault {
	export := func() *fleetExport { return o.exports[o.rng.IntN(len(o.exports))] }
	fragile := func() *fleetExport { return o.exports[o.rng.IntN(fleetFragile)] }
	link := func() string { return fmt.Sprint("tgt", o.rng.IntN(2)) }
	return []fault{
		{name: "export removed and added", make: func() error { return o.readd(export()) }},
		{name: "added twice", make: func() error { return o.add(export()) }},
		{name: "link down", make: func() error { return o.flap(link()) }},
		{name: "carrier lost", make: func() error { return o.flap(port(link())) }},
		{name: "interface made anew", make: func() error { return o.renew(link()) }},
		{name: "MTU raised and lowered", make: func() error { return o.widen(link()) }},
		{name: "failing disk", make: func() error { return o.fail(fragile()) }},
		{name: "hanging disk", make: func() error { return o.hang(fragile()) }},
		{name: "report asked for", make: func() error { o.server.Signal(syscall.SIGUSR1); return nil }},
		{name: "status asked for", make: func() error { _, err := o.server.Status(); return err }},
	}
}

// each makes every kind, and removes and adds every export once, so that all there
// is has been there.
func (o *odds) each() error {
	for i := range o.kinds() {
		if err := o.one(i); err != nil {
			return err
		}
	}
	for _, e := range o.exports {
		if err := o.readd(e); err != nil {
			return err
		}
	}
	return nil
}

// any makes one drawn at random; every other one is an export's removal.
func (o *odds) any() error {
	if o.rng.IntN(2) == 0 {
		return o.one(0)
	}
	return o.one(o.rng.IntN(len(o.kinds())))
}

// one makes one.
func (o *odds) one(i int) error {
	k := o.kinds()[i]
	o.last = k.name
	o.made[k.name]++
	if err := k.make(); err != nil {
		return fmt.Errorf("%s: %w", k.name, err)
	}
	return nil
}

// pause lets some time pass, at most so much, for the loads to go on.
func (o *odds) pause(most time.Duration) { time.Sleep(time.Duration(o.rng.Int64N(int64(most)))) }

// readd removes an export, in use or not, and adds it again.
func (o *odds) readd(e *fleetExport) error {
	if err := o.server.Remove(e.name()); err != nil {
		return err
	}
	return o.add(e)
}

// flap takes an end of a wire down and up.
func (o *odds) flap(end string) error {
	if err := o.host.Run("ip", "link", "set", end, "down"); err != nil {
		return err
	}
	o.pause(200 * time.Millisecond)
	return o.host.Run("ip", "link", "set", end, "up")
}

// renew deletes an interface under the server and makes it anew.
func (o *odds) renew(netif string) error {
	if err := o.host.Run("ip", "link", "del", netif); err != nil {
		return err
	}
	o.pause(200 * time.Millisecond)
	return o.plugInto(netif, "br"+netif[len(netif)-1:], 1500)
}

// widen raises the MTU of a wire and lowers it.
func (o *odds) widen(netif string) error {
	for _, mtu := range []string{"9000", "1500"} {
		for _, end := range []string{port(netif), netif} {
			if err := o.host.Run("ip", "link", "set", end, "mtu", mtu); err != nil {
				return err
			}
		}
		o.pause(200 * time.Millisecond)
	}
	return nil
}

// fail makes reads and writes of a disk fail for a while.
func (o *odds) fail(e *fleetExport) error {
	for _, op := range []slowdisk.Op{slowdisk.Read, slowdisk.Write} {
		e.failed.Store(time.Now().Add(time.Second).UnixNano())
		e.disk.SetError(op, syscall.EIO)
		defer e.disk.SetError(op, 0)
	}
	o.pause(200 * time.Millisecond)
	e.failed.Store(time.Now().UnixNano())
	return nil
}

// hang makes a disk hang for a while.
func (o *odds) hang(e *fleetExport) error {
	for _, op := range []slowdisk.Op{slowdisk.Read, slowdisk.Write} {
		e.disk.Hang(op)
		defer e.disk.Release(op)
	}
	o.pause(500 * time.Millisecond)
	return nil
}

// fleetLog is what a log may say of a thing that happened, in bytes: of a link,
// what concerns it; of a report, a line an export and a link.
const fleetLog = 2 << 10

// summary checks what the server has come to, and says what was done to it.
func (f *fleet) summary(o *odds) {
	f.t.Helper()
	answered, failed, used, reports := 0, 0, 0, o.made["report asked for"]
	for _, l := range f.loads {
		answered, failed, used = answered+l.answered, failed+l.failed, used+l.used
	}
	f.t.Logf("%d requests in %d rounds; %d failed with a disk", answered, used, failed)
	f.t.Logf("made: %v", o.made)
	for _, e := range f.exports {
		target, err := f.loads[0].links[e.links[0]].Find(e.shelf, e.slot)
		if err == nil {
			err = e.ledger.verify(target, region{0, fleetSectors})
		}
		if err != nil {
			f.t.Errorf("in the end: %v", err)
		}
	}
	things := fleetExports
	for _, n := range o.made {
		things += n
	}
	checkLog(f.t, f.server.Process, mostLog+things*fleetLog+reports*fleetExports*fleetLog)
}
