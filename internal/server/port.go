// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/net/bpf"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/blade"
)

// Link is what a Server needs of a network interface; netio.Link is one. One
// goroutine receives; any may send.
type Link interface {
	// Receive fills frames, reslices them to what arrived, and stores in stamps
	// when the kernel received each, in nanoseconds of the real time clock, or 0.
	// It returns how many arrived and does not wait. If these are fewer than frames,
	// and than MaxBatch, there were no more. It is no error that the link is down.
	Receive(frames [][]byte, stamps []int64) (int, error)
	// Send sends frames, dropping those that cannot be sent, and returns how many
	// were. It does not wait. It may keep any, and leaves another buffer of the
	// same capacity in its place then. Errors are as for Receive.
	Send(frames [][]byte) (int, error)
	// Unsent is how many frames Send has accepted and the link dropped later.
	Unsent() uint64
	// Down returns why the link carries no frames at the moment, or nil. Any
	// goroutine may call it.
	Down() error
	// Changes counts the changes of Down, MTU and MAC noticed so far.
	Changes() uint64
	// SetFilter replaces the program that says which frames are received.
	SetFilter([]bpf.RawInstruction) error
	// MTU is the longest payload of an Ethernet frame, in bytes.
	MTU() int
	// MAC is the link's Ethernet address.
	MAC() [6]byte
	// Drops is how many frames found no room to be received in. Any goroutine may
	// call it.
	Drops() (uint64, error)
	// ReceiveWay and SendWay return how the link receives and sends at the
	// moment, and why not in a faster way, if there is one. Any goroutine may
	// call them.
	ReceiveWay() (way, why string)
	SendWay() (way, why string)
	// Name is what people call the link.
	Name() string
}

// Port is a link in use: its requests, one for each frame buffer, the exports
// that are served on it, and what its MTU allows. Only the leader uses it, except
// for fields that say otherwise.
type Port struct {
	link   Link
	wire   blade.Wire // any goroutine that answers a request reads its MAC
	buffer int        // the length of the frame buffers, in bytes

	exports map[key]*seat
	list    []*seat              // the same, in the order in which they came
	program []bpf.RawInstruction // the filter is made in it
	targets []aoe.Target         // that it is made of
	stale   bool                 // the filter has to be made again
	refused bool                 // it was logged that the link refuses a filter

	requests []*request
	idle     []*request   // neither in flight nor in the turn
	flying   atomic.Int32 // requests that the order has
	choked   bool         // the only export has waited in vain for its share of the buffers
	returned atomic.Int32 // requests in free
	free     []*request   // that were in flight; Server.mu guards it
	inbox    inbox
	chores   chores

	seen               uint64    // the link's Changes at the last look
	told               linkState // as it was logged last
	receiving, sending trouble
	muted              time.Duration // clock until which nothing is received; 0 where it is
	counts             linkCounts

	staleTold   uint64        // of counts.stale, those that were logged
	staleLogged time.Duration // clock when that was
}

// seat is an export on one port.
type seat struct {
	export *export
	swept  uint64 // sequence of the last sweep of the port that has reached it
}

// newPort returns the port of a link with buffers of one length.
func newPort(l Link, buffers [][]byte) *Port {
	p := &Port{
		link:     l,
		buffer:   len(buffers[0]),
		exports:  make(map[key]*seat),
		requests: make([]*request, len(buffers)),
		free:     make([]*request, 0, len(buffers)),
		inbox:    newInbox(),
	}
	for i, b := range buffers {
		p.requests[i] = &request{Request: blade.Request{Buf: b}, port: p}
	}
	p.idle = append(make([]*request, 0, len(buffers)), p.requests...)
	p.chores.sweeps = make([]sweep, 0, maxSweeps)
	p.receiving.call, p.sending.call = "receive", "send"
	p.told = p.look()
	return p
}

// sectors returns the most sectors that a frame in one of the buffers has.
func (p *Port) sectors() int { return (p.buffer - aoe.ATALen) / ata.SectorSize }

// makeRoom allocates memory for the filter, for as many masks as the exports may
// ever have.
func (p *Port) makeRoom() {
	n := len(p.list)
	p.targets = slices.Grow(p.targets[:0], n)
	p.program = slices.Grow(p.program[:0], aoe.MaxServerFilter(n, n*blade.MaxMasks))
}

// refresh reads the MTU again. If it is larger than our buffers, as much is used
// as they hold.
func (p *Port) refresh() {
	mtu := min(max(0, p.link.MTU()), p.buffer-aoe.EthernetHeaderLen)
	p.wire.Room = mtu + aoe.EthernetHeaderLen
	p.wire.Sectors = max(0, mtu-aoe.ATALen) / ata.SectorSize
}

// put returns a request that is neither in flight nor in the turn any more to the
// idle ones.
func (p *Port) put(r *request) { p.idle = append(p.idle, r) }

// take removes and returns an idle request, or nil.
func (p *Port) take() *request {
	if len(p.idle) == 0 {
		return nil
	}
	r := p.idle[len(p.idle)-1]
	p.idle = p.idle[:len(p.idle)-1]
	return r
}

// collect returns the requests that have ended since the last call to the idle
// ones, if the port may need them soon.
func (s *Server) collect(p *Port) {
	if len(p.idle) >= MaxBatch || p.returned.Load() == 0 {
		return
	}
	s.mu.Lock()
	p.idle = append(p.idle, p.free...)
	p.free = p.free[:0]
	p.returned.Store(0)
	s.mu.Unlock()
}

// giveBack returns a request that was in flight. The caller holds Server.mu.
func (p *Port) giveBack(r *request) {
	p.free = append(p.free, r)
	p.returned.Add(1)
}
