// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"time"

	"golang.org/x/net/bpf"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/blade"
)

// Link is what a Server needs of a network interface; netio.Link is one. One
// goroutine receives and waits; any may send.
type Link interface {
	// Receive fills frames and reslices them to what arrived. It returns how
	// many did, at once where there are none. An error is one that nobody
	// expects: that the link is down is none.
	Receive(frames [][]byte) (int, error)
	// Wait returns once there may be something to receive or Changes has
	// counted on, after limit at the latest where that is not negative; false
	// after Interrupt.
	Wait(limit time.Duration) bool
	// Interrupt ends this and every later Wait.
	Interrupt()
	// Send sends frames, dropping those that cannot be sent, and returns how
	// many were. It may keep any, and leaves another buffer of the same capacity
	// in its place then. Errors are as for Receive.
	Send(frames [][]byte) (int, error)
	// Down says why the link carries no frames at the moment; nil where it does.
	Down() error
	// Changes counts the changes of Down, MTU and MAC noticed so far; each ends
	// a Wait.
	Changes() uint64
	// SetFilter replaces the program that says which frames are received.
	SetFilter([]bpf.RawInstruction) error
	// MTU is the longest payload of an Ethernet frame, in bytes.
	MTU() int
	// MAC is the link's Ethernet address.
	MAC() [6]byte
	// Drops is how many frames came and found no room; any goroutine may ask.
	Drops() (uint64, error)
	// Name is what people call the link.
	Name() string
}

// port is a link in use, with what its MTU allows. It is the leader's alone,
// but for the address, which workers that finish a request read.
type port struct {
	link   Link
	buffer int // the length of our buffers, in bytes
	wire   blade.Wire
	seen   uint64    // the link's Changes that were taken in
	told   linkState // as it was logged last
	counts linkCounts
}

// newPort returns the port of a link whose frames are held by buffers of so
// many bytes.
func newPort(l Link, buffer int) *port {
	p := &port{link: l, buffer: buffer}
	p.told = p.look()
	return p
}

// refresh reads the MTU again. Of one longer than our buffers we use as much as
// they hold.
func (p *port) refresh() {
	mtu := min(max(0, p.link.MTU()), p.buffer-aoe.EthernetHeaderLen)
	p.wire.Room = mtu + aoe.EthernetHeaderLen
	p.wire.Sectors = max(0, mtu-aoe.ATALen) / ata.SectorSize
}
