// SPDX-License-Identifier: GPL-2.0-only

package slowdisk

import (
	"math"
	"math/rand/v2"
	"sync"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// Op is an operation on the disk.
type Op int

// The operations.
const (
	Read Op = iota
	Write
	Sync

	ops // how many
)

// gate is what an operation passes before it takes effect.
type gate struct {
	mu    sync.Mutex
	count int64         // of operations that have begun
	more  chan struct{} // closed when another begins
	delay time.Duration
	draw  func() time.Duration // draws how much longer; nil for none
	errno syscall.Errno
	hang  chan struct{} // closed to release; nil where nothing hangs
	where span          // what of the disk hangs
}

// span is bytes of the disk, from one on and up to another.
type span struct{ from, to int64 }

// spanOf returns the span of n bytes from off on.
func spanOf(off uint64, n int) span { return span{int64(off), int64(off) + int64(n)} }

// all is the whole disk.
var all = span{0, math.MaxInt64}

// meets reports whether the span and another have a byte in common.
func (s span) meets(other span) bool { return s.from < other.to && other.from < s.to }

// SetDelay makes every operation op from now on take so long.
func (d *Disk) SetDelay(op Op, delay time.Duration) {
	d.system.gates[op].set(func(g *gate) { g.delay = delay })
}

// SetUneven makes every operation op from now on take up to so long more, by
// chance.
func (d *Disk) SetUneven(op Op, most time.Duration) {
	if most == 0 {
		d.Draw(op, nil)
		return
	}
	d.Draw(op, func() time.Duration { return rand.N(most) })
}

// Draw makes every operation op from now on take as much longer as a function says,
// of which one call is made at a time; nil ends that.
func (d *Disk) Draw(op Op, delay func() time.Duration) {
	d.system.gates[op].set(func(g *gate) { g.draw = delay })
}

// SetError makes every op fail with errno, without effect; 0 ends that.
func (d *Disk) SetError(op Op, errno syscall.Errno) {
	d.system.gates[op].set(func(g *gate) { g.errno = errno })
}

// SetBadSectors makes reads and writes fail with errno at n sectors from first
// on; what they cover before these is done, as on a disk. No sectors end that.
func (d *Disk) SetBadSectors(first, n int64, errno syscall.Errno) {
	d.system.bad.Store(&badSectors{span{first * sectorSize, (first + n) * sectorSize}, errno})
}

// Hang makes every op from now on wait for Release. The kernel lets an fsync
// wait for the writes before it, and writes for an fsync.
func (d *Disk) Hang(op Op) { d.hang(op, all) }

// HangSectors is Hang for reads or writes of any of n sectors from first on, and lets
// later ones of others pass.
func (d *Disk) HangSectors(op Op, first, n int64) {
	d.hang(op, span{first * sectorSize, (first + n) * sectorSize})
}

// hang makes every op on a part of the disk wait.
func (d *Disk) hang(op Op, where span) {
	d.system.gates[op].set(func(g *gate) {
		if g.where = where; g.hang == nil {
			g.hang = make(chan struct{})
		}
	})
}

// Release lets the operations go on that hang, and those to come.
func (d *Disk) Release(op Op) {
	d.system.gates[op].set(func(g *gate) {
		if g.hang != nil {
			close(g.hang)
			g.hang = nil
		}
	})
}

// Entered returns how many operations op have begun.
func (d *Disk) Entered(op Op) int64 {
	n, _ := d.system.gates[op].entered()
	return n
}

// Await waits until n operations op have begun, and returns false where they have
// not within the limit.
func (d *Disk) Await(op Op, n int64, limit time.Duration) bool {
	late := time.After(limit)
	for {
		got, more := d.system.gates[op].entered()
		if got >= n {
			return true
		}
		select {
		case <-more:
		case <-late:
			return false
		}
	}
}

// entered returns how many operations have begun, and a channel that is closed
// when another does.
func (g *gate) entered() (int64, <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.count, g.more
}

// set changes the gate.
func (g *gate) set(change func(*gate)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	change(g)
}

// pass takes an operation on a part of the disk through the gate: it hangs, then
// is delayed, then fails, as the gate says when it comes to that. A caller that is
// killed does not wait.
func (g *gate) pass(cancel <-chan struct{}, part span) fuse.Status {
	g.mu.Lock()
	g.count++
	close(g.more)
	g.more = make(chan struct{})
	hang, hangs := g.hang, g.hang != nil && g.where.meets(part)
	g.mu.Unlock()
	if hangs {
		select {
		case <-hang:
		case <-cancel:
			return fuse.EINTR
		}
	}
	g.mu.Lock()
	delay := g.delay
	if g.draw != nil {
		delay += g.draw()
	}
	g.mu.Unlock()
	sleep(delay)
	g.mu.Lock()
	defer g.mu.Unlock()
	return fuse.Status(g.errno)
}

// badSectors are bytes that cannot be read or written.
type badSectors struct {
	span
	errno syscall.Errno
}

// allow returns how many of n bytes from off on can be had; if none, why.
func (b *badSectors) allow(off int64, n int) (int, fuse.Status) {
	switch {
	case !b.meets(spanOf(uint64(off), n)):
		return n, fuse.OK
	case off < b.from:
		return int(b.from - off), fuse.OK
	}
	return 0, fuse.Status(b.errno)
}

// sleep sleeps to the microsecond: the runtime's timers are only good to a
// millisecond while the process is idle.
func sleep(d time.Duration) {
	if d <= 0 {
		return
	}
	left := unix.NsecToTimespec(int64(d))
	for unix.Nanosleep(&left, &left) == unix.EINTR {
	}
}
