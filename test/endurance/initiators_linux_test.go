// SPDX-License-Identifier: GPL-2.0-only

package endurance

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"vblade/internal/initiator"
	"vblade/test/lab"
)

// The initiators of a test, and what each asks for: rounds of requests.
const (
	initiators    = 10
	window        = 64
	roundRequests = 1000
)

// Each initiator has sectors of its own, and all share as many: few, so that
// requests outstanding overlap.
const regionSectors = 32

// crowd is a target and the initiators that use it at once.
type crowd struct {
	vblade *lab.Process
	ledger *ledger
	loads  []*load
}

// newCrowd starts a vblade and finds it from as many initiators as there are.
func newCrowd(t *testing.T, program string) *crowd {
	s := newSite(t)
	disk := (initiators + 1) * regionSectors
	_, path := s.memory(stamped(disk))
	c := &crowd{vblade: s.host.StartVblade(t, program, "-b", "64", "9", "0", "tgt0", path), ledger: newLedger(disk)}
	procs := runtime.GOMAXPROCS(initiators + 2) // an initiator that awaits a frame keeps its place
	t.Cleanup(func() { runtime.GOMAXPROCS(procs) })
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for i := range initiators {
		c.loads = append(c.loads, &load{
			target: s.find(initiator.Options{MAC: station(i)}, 9, 0),
			ledger: c.ledger,
			rng:    rand.New(rand.NewPCG(seed, uint64(i))),
			own:    region{(i + 1) * regionSectors, regionSectors},
			shared: region{0, regionSectors},
			window: window,
		})
	}
	return c
}

// TestManyInitiators has ten initiators with 64 requests outstanding each read,
// write and flush: every request is answered, every read brings what it may, and
// the target needs no more memory for ten times the work.
func TestManyInitiators(t *testing.T) {
	c := newCrowd(t, program)
	c.run(t, 1)
	warm := usageOf(t, c.vblade)
	c.run(t, 10)
	checkFlat(t, warm, usageOf(t, c.vblade), usualGrowth)
	c.check(t, 11)
}

// TestManyInitiatorsRaced does the same under the race detector, whose own memory
// grows with what it sees.
func TestManyInitiatorsRaced(t *testing.T) {
	c := newCrowd(t, raced(t))
	c.run(t, 4)
	c.check(t, 4)
}

// check checks what the crowd has come to after so many rounds.
func (c *crowd) check(t *testing.T, rounds int) {
	t.Helper()
	answered, retransmissions := 0, 0
	for _, l := range c.loads {
		answered += l.answered
		retransmissions += l.target.Initiator().Retransmissions
	}
	t.Logf("%d requests, %d times one was sent again", answered, retransmissions)
	if want := initiators * rounds * roundRequests; answered != want {
		t.Errorf("%d requests were answered, want %d", answered, want)
	}
	if err := c.ledger.verify(c.loads[0].target, region{0, len(c.ledger.sectors)}); err != nil {
		t.Errorf("in the end: %v", err)
	}
	checkLog(t, c.vblade, mostLog)
}

// run runs rounds of all loads at once.
func (c *crowd) run(t *testing.T, rounds int) {
	t.Helper()
	ended := make(chan error)
	for i, l := range c.loads {
		go func() {
			ended <- pinned(i, func() error { return l.rounds(rounds) })
		}()
	}
	var errs []error
	for range c.loads {
		errs = append(errs, <-ended)
	}
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// pinned runs f on one processor: between processors a wire of the kernel's keeps
// no order. The thread lives on, for the programs that it started end with it.
func pinned(i int, f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var allowed, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		return err
	}
	cpu := 0
	for nth := i % allowed.Count(); nth > 0 || !allowed.IsSet(cpu); cpu++ {
		if allowed.IsSet(cpu) {
			nth--
		}
	}
	one.Set(cpu)
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return err
	}
	defer unix.SchedSetaffinity(0, &allowed)
	return f()
}
