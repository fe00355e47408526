// SPDX-License-Identifier: GPL-2.0-only

package endurance

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"vblade/internal/initiator"
	"vblade/test/lab"
)

// The initiators of TestSoak, each with sectors of its own, and the length of a
// round: within one no MTU is lowered.
const (
	soakLoads    = 4
	soakWindow   = 32
	soakRequests = 300
	soakSectors  = (soakLoads + 1) * regionSectors
	soakPatience = 30 * time.Second
)

// mostLogOfFault is what a log may say of a fault, in bytes: a report when it is
// asked for one, a line for each change of state.
const mostLogOfFault = 2 << 10

// soakGrowth is how much memory a target may need beyond what it held once each
// fault had been there, in KiB: a minute later it is as large as it gets. It is
// little for the millions of requests of ten minutes.
const soakGrowth = 16 << 10

// soak is a target in use while all goes wrong that can.
type soak struct {
	*site
	disk   *fragileDisk
	rings  bool // the disk is for io_uring
	vblade *lab.Process
	ledger *ledger
	loads  []*load
	faults *soakFaults

	quiet  sync.RWMutex // held by who has frames outstanding
	ending chan struct{}
}

// TestSoak reads, writes and flushes at random, with verification, while links,
// disk and administrators do their worst, for as long as SOAK says: nothing lost,
// nothing wrong, and the target holds in the end what it held once each fault had
// been there. Workers wait for the disk, or io_uring does.
func TestSoak(t *testing.T) {
	limit := endurance(t)
	for name, rings := range map[string]bool{"workers": false, "io_uring": true} {
		t.Run(name, func(t *testing.T) { testSoak(t, rings, limit) })
	}
}

// testSoak is TestSoak with one kind of disk.
func testSoak(t *testing.T, rings bool, limit time.Duration) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	s := newSoak(t, seed, rings)
	ended := make(chan error)
	for i, l := range s.loads {
		go func() { ended <- pinned(i, func() error { return s.work(l) }) }()
	}
	err := s.faults.each()
	warm := usageOf(t, s.vblade)
	for end := time.Now().Add(limit); err == nil && time.Now().Before(end) && s.vblade.Alive(); {
		err = s.faults.any()
	}
	close(s.ending)
	for range s.loads {
		err = errors.Join(err, <-ended)
	}
	if err != nil {
		t.Errorf("after %s: %v", s.faults.last, err)
	}
	s.summary(warm)
}

// newSoak starts a target on a disk of the test's making, and finds it.
func newSoak(t *testing.T, seed uint64, rings bool) *soak {
	t.Helper()
	s := &soak{site: newLAN(t), rings: rings, ledger: newLedger(soakSectors), ending: make(chan struct{})}
	s.disk = s.fragileDisk(soakSectors, rings)
	s.vblade = s.host.StartVblade(t, program, append([]string{"-b", "64", "9", "0", "tgt0"}, s.disk.served...)...)
	procs := runtime.GOMAXPROCS(soakLoads + 4)
	t.Cleanup(func() { runtime.GOMAXPROCS(procs) })
	for i := range soakLoads {
		s.loads = append(s.loads, &load{
			target: s.find(initiator.Options{MAC: station(i), Patience: soakPatience}, 9, 0),
			ledger: s.ledger,
			rng:    rand.New(rand.NewPCG(seed, uint64(i))),
			own:    region{(i + 1) * regionSectors, regionSectors},
			shared: region{0, regionSectors},
			window: soakWindow,

			tolerate: s.disk.explains,
		})
	}
	s.faults = newSoakFaults(s, rand.New(rand.NewPCG(seed, soakLoads)))
	return s
}

// work runs rounds of a load until the test ends, each with frames as long as the
// target takes at its beginning.
func (s *soak) work(l *load) error {
	for {
		select {
		case <-s.ending:
			return nil
		default:
		}
		if err := s.round(l); err != nil {
			return err
		}
	}
}

// round runs a round.
func (s *soak) round(l *load) (err error) {
	s.quiet.RLock()
	defer s.quiet.RUnlock()
	if l.target, err = l.target.Initiator().Find(9, 0); err != nil {
		return err
	}
	return l.round(soakRequests)
}

// summary checks what the target has come to, and says what was done to it.
func (s *soak) summary(warm usage) {
	s.t.Helper()
	answered, failed, again := 0, 0, 0
	for _, l := range s.loads {
		answered, failed, again = answered+l.answered, failed+l.failed, again+l.target.Initiator().Retransmissions
	}
	s.t.Logf("%d requests in %v; %d failed with the disk, %d times one was sent again",
		answered, s.ledger.now().Round(time.Second), failed, again)
	s.t.Logf("faults: %s", s.faults)
	lab.CheckRings(s.t, s.vblade, s.rings)
	checkFlat(s.t, warm, usageOf(s.t, s.vblade), soakGrowth)
	target, err := s.loads[0].target.Initiator().Find(9, 0) // the last fault may have changed its MAC
	if err == nil {
		err = s.ledger.verify(target, region{0, soakSectors})
	}
	if err != nil {
		s.t.Errorf("in the end: %v", err)
	}
	checkLog(s.t, s.vblade, mostLog+s.faults.count()*mostLogOfFault)
}
