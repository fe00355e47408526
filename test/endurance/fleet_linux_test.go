// SPDX-License-Identifier: GPL-2.0-only

package endurance

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"vblade/internal/initiator"
	"vblade/test/lab"
)

// The exports of a fleet, how many lie on disks that the test makes fail, and the
// initiators that use them all, each with sectors of its own on every export.
const (
	fleetExports  = 200
	fleetFragile  = 10
	fleetLoads    = 4
	fleetRegion   = 16
	fleetSectors  = (fleetLoads + 1) * fleetRegion
	fleetRequests = 40
	fleetShelf    = 20
	fleetPerShelf = 100
)

// fleet is a server with many exports on two links, each with a LAN of its own.
type fleet struct {
	*site
	server  *lab.Server
	exports []*fleetExport
	loads   []*fleetLoad
	ending  chan struct{}
}

// fleetExport is an export of a fleet.
type fleetExport struct {
	shelf  uint16
	slot   uint8
	links  []int        // that it is served on
	served []string     // vblade's arguments to serve its disk
	disk   *fragileDisk // nil for most
	ledger *ledger
}

// name is what initiators call the export.
func (e *fleetExport) name() string { return fmt.Sprintf("e%d.%d", e.shelf, e.slot) }

// arguments are those of `vblade add`.
func (e *fleetExport) arguments() []string {
	var netifs []string
	for _, l := range e.links {
		netifs = append(netifs, fmt.Sprint("tgt", l))
	}
	return append([]string{fmt.Sprint(e.shelf), fmt.Sprint(e.slot), strings.Join(netifs, ",")}, e.served...)
}

// newFleet makes a server with exports on the first link, the second and both, by
// turns. The first are on fragile disks, for io_uring and for workers by turns.
func newFleet(t *testing.T, program string, exports, fragile int) *fleet {
	t.Helper()
	f := &fleet{site: newLAN(t), ending: make(chan struct{})}
	f.ip("link", "add", "br1", "type", "bridge")
	f.ip("link", "set", "br1", "addrgenmode", "none", "up")
	f.must(f.plugInto("ini1", "br1", wideMTU))
	f.must(f.plugInto("tgt1", "br1", 1500))
	f.server = f.host.StartServer(t, program)
	for i := range exports {
		e := &fleetExport{shelf: uint16(fleetShelf + i/fleetPerShelf), slot: uint8(i % fleetPerShelf), ledger: newLedger(fleetSectors)}
		e.links = [][]int{{0}, {1}, {0, 1}}[i%3]
		if i < fragile {
			e.disk = f.fragileDisk(fleetSectors, i%2 == 0)
			e.served = e.disk.served
		} else {
			_, path := f.memory(stamped(fleetSectors))
			e.served = []string{path}
		}
		f.must(f.add(e))
		f.exports = append(f.exports, e)
	}
	return f
}

// add adds an export to the server.
func (f *fleet) add(e *fleetExport) error {
	line, err := f.server.Add(e.arguments()...)
	if err == nil && !strings.Contains(line, e.name()+", ") {
		err = fmt.Errorf("vblade add printed %q", line)
	}
	return err
}

// fleetLoad is an initiator with two links that uses every export of a fleet.
type fleetLoad struct {
	*load
	fleet *fleet
	links [2]*initiator.Initiator
	used  int // exports, one after the other
}

// addLoads gives the fleet its loads.
func (f *fleet) addLoads(seed uint64) {
	f.t.Helper()
	for i := range fleetLoads {
		l := &fleetLoad{fleet: f, load: &load{
			rng:    rand.New(rand.NewPCG(seed, uint64(i))),
			own:    region{(i + 1) * fleetRegion, fleetRegion},
			shared: region{0, fleetRegion},
			window: 16,
		}}
		for k := range l.links {
			l.links[k] = f.open(fmt.Sprint("ini", k), initiator.Options{MAC: station(i), Patience: soakPatience})
			f.t.Cleanup(func() { l.links[k].Close() })
		}
		f.loads = append(f.loads, l)
	}
}

// use runs a round of requests on an export, on one of its links.
func (l *fleetLoad) use(e *fleetExport) (err error) {
	link := e.links[l.rng.IntN(len(e.links))]
	if l.target, err = l.links[link].Find(e.shelf, e.slot); err != nil {
		return err
	}
	l.target.Sectors = min(l.target.Sectors, 2) // whatever becomes of the MTU
	l.ledger, l.tolerate = e.ledger, nil
	if e.disk != nil {
		l.tolerate = e.disk.explains
	}
	if err := l.round(fleetRequests); err != nil {
		return fmt.Errorf("%s on link %d: %w", e.name(), link, err)
	}
	l.used++
	return nil
}

// work uses exports drawn at random, those that may fail more often, until the test
// ends.
func (l *fleetLoad) work() error {
	for {
		select {
		case <-l.fleet.ending:
			return nil
		default:
		}
		among := l.fleet.exports
		if l.rng.IntN(3) == 0 {
			among = among[:fleetFragile]
		}
		if err := l.use(among[l.rng.IntN(len(among))]); err != nil {
			return err
		}
	}
}
