// SPDX-License-Identifier: GPL-2.0-only

package endurance

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"time"

	"vblade/test/slowdisk"
)

// soakFaults are what a soak's target must outlive.
type soakFaults struct {
	*soak
	*faults
}

// newSoakFaults returns the faults of a soak, and gives its target an admin.
func newSoakFaults(s *soak, rng *rand.Rand) *soakFaults {
	f := &soakFaults{soak: s, faults: &faults{lan: s.site, rng: rng}}
	admin := newAdmin(s)
	f.kinds = []fault{
		{name: "link down", make: func() error { return f.flap("tgt0") }},
		{name: "carrier lost", make: func() error { return f.flap(port("tgt0")) }},
		{name: "MTU raised and lowered", make: f.changeMTU},
		{name: "interface made anew", make: func() error { return f.replace("tgt0", "br0") }},
		{name: "MAC changed", make: f.changeMAC},
		{name: "slow disk", make: f.slow},
		{name: "hanging disk", make: func() error { return f.hang(f.disk) }},
		{name: "failing disk", make: func() error { return f.fail(f.disk) }},
		{name: "config string", make: admin.configure},
		{name: "masks", make: admin.mask},
		{name: "reservation", make: admin.reserve},
		{name: "report asked for", make: f.report},
	}
	return f
}

// changeMTU raises the MTU under load. It lowers it while nothing is outstanding:
// a frame longer than a wire takes is never answered, however often it is sent.
func (f *soakFaults) changeMTU() error {
	if err := f.setMTU("tgt0", wideMTU); err != nil {
		return err
	}
	f.pause(300 * time.Millisecond)
	f.quiet.Lock()
	defer f.quiet.Unlock()
	return f.setMTU("tgt0", 1500)
}

// changeMAC gives the target's interface another address.
func (f *soakFaults) changeMAC() error {
	return f.host.Run("ip", "link", "set", "tgt0", "address", fmt.Sprintf("02:00:00:00:06:%02x", f.rng.IntN(256)))
}

// slow makes the disk slow for a while, or only to read, write or flush.
func (f *soakFaults) slow() error {
	for _, op := range []slowdisk.Op{slowdisk.Read, slowdisk.Write, slowdisk.Sync} {
		f.disk.SetDelay(op, time.Duration(f.rng.IntN(2))*time.Duration(f.rng.Int64N(int64(3*time.Millisecond))))
		defer f.disk.SetDelay(op, 0)
	}
	f.pause(500 * time.Millisecond)
	return nil
}

// report asks the target for its counters.
func (f *soakFaults) report() error {
	f.vblade.Signal(syscall.SIGUSR1)
	return nil
}
