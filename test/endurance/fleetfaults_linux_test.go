// SPDX-License-Identifier: GPL-2.0-only

package endurance

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"time"
)

// fleetFaults are what a fleet must outlive.
type fleetFaults struct {
	*fleet
	*faults
	reports int // asked for
}

// newFleetFaults returns the faults of a fleet, and gives it its loads.
func newFleetFaults(fleet *fleet, seed uint64) *fleetFaults {
	fleet.addLoads(seed)
	f := &fleetFaults{fleet: fleet, faults: &faults{lan: fleet.site, rng: rand.New(rand.NewPCG(seed, fleetLoads))}}
	export := func() *fleetExport { return f.exports[f.rng.IntN(len(f.exports))] }
	disk := func() *fragileDisk { return f.exports[f.rng.IntN(fleetFragile)].disk }
	link := func() string { return fmt.Sprint("tgt", f.rng.IntN(2)) }
	f.kinds = []fault{
		{name: "export removed and added", make: func() error { return f.readd(export()) }},
		{name: "added twice", make: func() error { return f.add(export()) }},
		{name: "link down", make: func() error { return f.flap(link()) }},
		{name: "carrier lost", make: func() error { return f.flap(port(link())) }},
		{name: "interface made anew", make: func() error { return f.renew(link()) }},
		{name: "MTU raised and lowered", make: func() error { return f.widen(link()) }},
		{name: "failing disk", make: func() error { return f.fail(disk()) }},
		{name: "hanging disk", make: func() error { return f.hang(disk()) }},
		{name: "report asked for", make: f.report},
		{name: "status asked for", make: func() error { _, err := f.server.Status(); return err }},
	}
	return f
}

// each makes every fault, and removes and adds every export once, so that all there
// is has been there.
func (f *fleetFaults) each() error {
	if err := f.faults.each(); err != nil {
		return err
	}
	for _, e := range f.exports {
		if err := f.readd(e); err != nil {
			return err
		}
	}
	return nil
}

// any makes a fault drawn at random; every other one is an export's removal.
func (f *fleetFaults) any() error {
	if f.rng.IntN(2) == 0 {
		return f.one(0)
	}
	return f.faults.any()
}

// readd removes an export, in use or not, and adds it again.
func (f *fleetFaults) readd(e *fleetExport) error {
	if err := f.server.Remove(e.name()); err != nil {
		return err
	}
	return f.add(e)
}

// renew deletes an interface under the server and makes it anew.
func (f *fleetFaults) renew(netif string) error {
	return f.replace(netif, "br"+strings.TrimPrefix(netif, "tgt"))
}

// widen raises the MTU of a wire and lowers it.
func (f *fleetFaults) widen(netif string) error {
	for _, mtu := range []int{wideMTU, 1500} {
		if err := f.setMTU(netif, mtu); err != nil {
			return err
		}
		f.pause(200 * time.Millisecond)
	}
	return nil
}

// report asks the server for its counters.
func (f *fleetFaults) report() error {
	f.reports++
	f.server.Signal(syscall.SIGUSR1)
	return nil
}
