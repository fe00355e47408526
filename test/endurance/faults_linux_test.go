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

// faults makes faults of several kinds, one after the other.
type faults struct {
	lan   *site
	rng   *rand.Rand
	kinds []fault
	last  string // the name of the fault made last
}

// fault is a kind of fault.
type fault struct {
	name string
	make func() error // and mends it
	made int
}

// one makes a fault of kind i, and leaves the target in peace for a moment.
func (f *faults) one(i int) error {
	k := &f.kinds[i]
	f.last = k.name
	k.made++
	if err := k.make(); err != nil {
		return fmt.Errorf("%s: %w", k.name, err)
	}
	f.pause(100 * time.Millisecond)
	return nil
}

// each makes a fault of every kind.
func (f *faults) each() error {
	for i := range f.kinds {
		if err := f.one(i); err != nil {
			return err
		}
	}
	return nil
}

// any makes a fault drawn at random.
func (f *faults) any() error { return f.one(f.rng.IntN(len(f.kinds))) }

// String lists how many faults of each kind were made.
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

// pause lets some time pass, at most so much, for the loads to go on.
func (f *faults) pause(most time.Duration) { time.Sleep(time.Duration(f.rng.Int64N(int64(most)))) }

// flap takes an end of a wire down for a while.
func (f *faults) flap(end string) error {
	if err := f.lan.host.Run("ip", "link", "set", end, "down"); err != nil {
		return err
	}
	f.pause(200 * time.Millisecond)
	return f.lan.host.Run("ip", "link", "set", end, "up")
}

// replace deletes an interface and makes it anew, with another MAC, on its bridge.
func (f *faults) replace(netif, bridge string) error {
	if err := f.lan.host.Run("ip", "link", "del", netif); err != nil {
		return err
	}
	f.pause(200 * time.Millisecond)
	return f.lan.plugInto(netif, bridge, 1500)
}

// hang makes a disk hang for a while.
func (f *faults) hang(d *fragileDisk) error {
	for _, op := range []slowdisk.Op{slowdisk.Read, slowdisk.Write} {
		d.Hang(op)
		defer d.Release(op)
	}
	f.pause(500 * time.Millisecond)
	return nil
}

// fail makes reads and writes of a disk fail for a while.
func (f *faults) fail(d *fragileDisk) error {
	for _, op := range []slowdisk.Op{slowdisk.Read, slowdisk.Write} {
		d.failed.Store(time.Now().Add(time.Second).UnixNano())
		d.SetError(op, syscall.EIO)
		defer d.SetError(op, 0)
	}
	f.pause(200 * time.Millisecond)
	d.failed.Store(time.Now().UnixNano())
	return nil
}

// fragileDisk is a disk that faults make hang and fail.
type fragileDisk struct {
	*slowdisk.Disk
	served []string     // vblade's arguments to serve it, the path last
	failed atomic.Int64 // when it failed last, in Unix nanoseconds
}

// fragileDisk makes a disk for the length of the test: one that vblade leaves to its
// workers, or a device that it reads and writes by io_uring.
func (s *site) fragileDisk(sectors int, rings bool) *fragileDisk {
	s.t.Helper()
	d := new(fragileDisk)
	if rings {
		var device string
		d.Disk, device = slowdisk.TestDevice(s.t, int64(sectors)*sectorSize)
		d.served = []string{"-d", device}
	} else {
		d.Disk = slowdisk.TestDisk(s.t, int64(sectors)*sectorSize)
		d.served = []string{d.Path()}
	}
	d.SetContent(stamped(sectors), 0)
	return d
}

// afterwards is how long after its fault a failed request may be answered.
const afterwards = 15 * time.Second

// explains reports whether an error in a reply is the disk's, which has failed.
func (d *fragileDisk) explains(err error) bool {
	var refused *initiator.ATAError
	return errors.As(err, &refused) && time.Now().UnixNano()-d.failed.Load() < int64(afterwards)
}
