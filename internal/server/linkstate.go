// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"net"
	"sync/atomic"

	"vblade/internal/aoe"
)

// linkState is what people and initiators want to know of a link.
type linkState struct {
	down string // why it carries no frames; empty where it does
	mtu  int    // in bytes
	mac  aoe.MAC
}

// look takes in the state of the port's link.
func (p *port) look() linkState {
	p.seen = p.link.Changes() // first: what changes from now on is seen the next time
	p.refresh()
	now := linkState{mtu: p.link.MTU(), mac: p.link.MAC()}
	if err := p.link.Down(); err != nil {
		now.down = err.Error()
	}
	p.wire.MAC.Store(&now.mac)
	return now
}

// begin makes the blades known, or says what that waits for.
func (s *Server) begin() {
	if down := s.port.told.down; down != "" {
		s.log.Printf(waiting, s.port.link.Name(), down)
		return
	}
	s.advertise()
}

// waiting is what is logged of a link that carries no frames.
const waiting = "%s: %s; waiting for the link"

// attend takes in a change of the link. It is logged, once, and the initiators
// hear of it. The leader calls it.
func (s *Server) attend() {
	p := s.port
	name, was, now := p.link.Name(), p.told, p.look()
	p.told = now
	if now.mtu != was.mtu {
		s.log.Printf("%s: MTU %d, %d sectors a frame", name, now.mtu, p.wire.Sectors)
	}
	if now.mac != was.mac {
		s.log.Printf("%s: address %v", name, net.HardwareAddr(now.mac[:]))
	}
	switch {
	case now.down == was.down:
	case now.down != "":
		s.log.Printf(waiting, name, now.down)
	default:
		s.log.Printf("%s: serving again", name)
	}
	if now != was && now.down == "" {
		s.advertise()
	}
}

// trouble is a call of the link that fails where it should not.
type trouble struct {
	call string
	on   atomic.Bool
}

// note logs when the trouble begins, and when it ends.
func (s *Server) note(t *trouble, err error) {
	if !t.on.CompareAndSwap(err == nil, err != nil) {
		return
	}
	if err != nil {
		s.log.Printf("%s: cannot %s: %v; trying on", s.port.link.Name(), t.call, err)
	} else {
		s.log.Printf("%s: can %s again", s.port.link.Name(), t.call)
	}
}
