// SPDX-License-Identifier: GPL-2.0-only

package blade

import (
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
)

// Link is what a Server needs of a network interface; netio.Link is one. One
// goroutine receives and waits; any may send.
type Link interface {
	// Receive fills frames and reslices them to what arrived. It returns how
	// many did, at once where there are none.
	Receive(frames [][]byte) (int, error)
	// Wait returns once there may be something to receive, after limit at the
	// latest where that is not negative; false after Interrupt.
	Wait(limit time.Duration) bool
	// Interrupt ends this and every later Wait.
	Interrupt()
	// Send sends frames, dropping those that cannot be sent, and returns how
	// many were. An error says that the link is down.
	Send(frames [][]byte) (int, error)
	// MTU is the longest payload of an Ethernet frame, in bytes.
	MTU() int
	// MAC is the link's Ethernet address.
	MAC() [6]byte
	// Name is what people call the link.
	Name() string
}

// port is a link in use, with what its MTU allows.
type port struct {
	link    Link
	mac     aoe.MAC
	buffer  int // the length of our buffers, in bytes
	room    int // the longest frame, in bytes
	sectors int // the most sectors in a frame (section 2: scnt)
}

// newPort returns the port of a link whose frames are held by buffers of so
// many bytes.
func newPort(l Link, buffer int) *port {
	p := &port{link: l, mac: l.MAC(), buffer: buffer}
	p.refresh()
	return p
}

// refresh reads the MTU again. Of one longer than our buffers we use as much as
// they hold.
func (p *port) refresh() {
	mtu := min(max(0, p.link.MTU()), p.buffer-aoe.EthernetHeaderLen)
	p.room = mtu + aoe.EthernetHeaderLen
	p.sectors = max(0, mtu-aoe.ATALen) / ata.SectorSize
}
