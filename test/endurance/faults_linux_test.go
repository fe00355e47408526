// SPDX-License-Identifier: GPL-2.0-only

package endurance

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"vblade/internal/initiator"
	"vblade/test/slowdisk"
)

// faults makes faults, one after the other.
type faults struct {
	*soak
	rng    *rand.Rand
	kinds  []fault
	last   int          // the kind made last
	failed atomic.Int64 // when the disk failed last, in Unix nanoseconds
	admin  *admin
}

// fault is a kind of fault.
type fault struct {
	name string
	make func() error // and mends it
	made int
}

// newFaults returns the faults that a soak knows.
func newFaults(s *soak, rng *rand.Rand) *faults {
	f := &faults{soak: s, rng: rng, admin: newAdmin(s)}
	f.kinds = []fault{
		{name: "link down", make: func() error { return f.down("tgt0") }},
		{name: "carrier lost", make: func() error { return f.down(port("tgt0")) }},
		{name: "MTU raised and lowered", make: f.changeMTU},
		{name: "interface made anew", make: f.replaceInterface},
		{name: "MAC changed", make: f.changeMAC},
		{name: "slow disk", make: f.slow},
		{name: "hanging disk", make: f.hang},
		{name: "failing disk", make: f.fail},
		{name: "config string", make: f.admin.configure},
		{name: "masks", make: f.admin.mask},
		{name: "reservation", make: f.admin.reserve},
		{name: "report asked for", make: f.report},
	}
	return f
}

// String lists how often each kind was made.
func (f *faults) String() string {
	var list []string
	for _, k := range f.kinds {
		list = append(list, fmt.Sprintf("%s %d", k.name, k.made))
	}
	return strings.Join(list, ", ")
}

// count returns how many faults were made.
func (f *faults) count() int {
	n := 0
	for _, k := range f.kinds {
		n += k.made
	}
	return n
}

// latest names the fault made last.
func (f *faults) latest() string { return f.kinds[f.last].name }

// eachOnce makes every fault.
func (f *faults) eachOnce() error {
	for i := range f.kinds {
		if err := f.one(i); err != nil {
			return err
		}
	}
	return nil
}

// any makes a fault drawn at random.
func (f *faults) any() error { return f.one(f.rng.IntN(len(f.kinds))) }

// one makes a fault, and leaves the target in peace for a moment.
func (f *faults) one(i int) error {
	f.last = i
	f.kinds[i].made++
	if err := f.kinds[i].make(); err != nil {
		return fmt.Errorf("%s: %w", f.kinds[i].name, err)
	}
	f.pause(100 * time.Millisecond)
	return nil
}

// pause lets some time pass, at most so much, for the load to go on.
func (f *faults) pause(most time.Duration) { time.Sleep(time.Duration(f.rng.Int64N(int64(most)))) }

// down takes one end of the target's wire down for a while.
func (f *faults) down(netif string) error {
	if err := f.host.Run("ip", "link", "set", netif, "down"); err != nil {
		return err
	}
	f.pause(200 * time.Millisecond)
	return f.host.Run("ip", "link", "set", netif, "up")
}

// changeMTU raises the MTU under load. It lowers it while nothing is outstanding:
// a frame longer than a wire takes is never answered, however often it is sent.
func (f *faults) changeMTU() error {
	if err := f.setMTU(wideMTU); err != nil {
		return err
	}
	f.pause(300 * time.Millisecond)
	f.quiet.Lock()
	defer f.quiet.Unlock()
	return f.setMTU(1500)
}

// replaceInterface deletes the target's interface and makes it anew, with another
// MAC.
func (f *faults) replaceInterface() error {
	if err := f.host.Run("ip", "link", "del", "tgt0"); err != nil {
		return err
	}
	f.pause(200 * time.Millisecond)
	return f.plug("tgt0", 1500)
}

// changeMAC gives the target's interface another address.
func (f *faults) changeMAC() error {
	return f.host.Run("ip", "link", "set", "tgt0", "address", fmt.Sprintf("02:00:00:00:06:%02x", f.rng.IntN(256)))
}

// slow makes the disk slow for a while, or only to read, write or flush.
func (f *faults) slow() error {
	for _, op := range []slowdisk.Op{slowdisk.Read, slowdisk.Write, slowdisk.Sync} {
		f.disk.SetDelay(op, time.Duration(f.rng.IntN(2))*time.Duration(f.rng.Int64N(int64(3*time.Millisecond))))
		defer f.disk.SetDelay(op, 0)
	}
	f.pause(500 * time.Millisecond)
	return nil
}

// hang makes the disk hang for a while.
func (f *faults) hang() error {
	for _, op := range []slowdisk.Op{slowdisk.Read, slowdisk.Write} {
		f.disk.Hang(op)
		defer f.disk.Release(op)
	}
	f.pause(500 * time.Millisecond)
	return nil
}

// fail makes reads and writes fail for a while.
func (f *faults) fail() error {
	for _, op := range []slowdisk.Op{slowdisk.Read, slowdisk.Write} {
		f.failed.Store(time.Now().Add(time.Second).UnixNano())
		f.disk.SetError(op, syscall.EIO)
		defer f.disk.SetError(op, 0)
	}
	f.pause(200 * time.Millisecond)
	f.failed.Store(time.Now().UnixNano())
	return nil
}

// report asks the target for its counters, as often as one likes.
func (f *faults) report() error {
	f.vblade.Signal(syscall.SIGUSR1)
	return nil
}

// afterwards is how long after its fault a failed request may be answered.
const afterwards = 5 * time.Second

// explain reports whether an error in a reply is the disk's, which has failed.
func (f *faults) explain(err error) bool {
	var refused *initiator.ATAError
	return errors.As(err, &refused) && time.Now().UnixNano()-f.failed.Load() < int64(afterwards)
}
