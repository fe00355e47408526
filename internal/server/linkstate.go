// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"fmt"
	"net"
	"sync/atomic"

	"vblade/internal/aoe"
)

// linkState is what is logged and advertised about a link.
type linkState struct {
	down string // why it carries no frames; empty where it does
	mtu  int    // in bytes
	mac  aoe.MAC
}

// look reads the state of the port's link.
func (p *Port) look() linkState {
	p.seen = p.link.Changes() // first, so that later changes are seen the next time
	p.refresh()
	now := linkState{mtu: p.link.MTU(), mac: p.link.MAC()}
	if err := p.link.Down(); err != nil {
		now.down = err.Error()
	}
	p.wire.MAC.Store(&now.mac)
	return now
}

// title returns the name of the port in the log: its link, and its export if it
// has one only.
func (p *Port) title() string {
	switch len(p.list) {
	case 0:
		return p.link.Name()
	case 1:
		return p.list[0].export.Name() + ": " + p.link.Name()
	}
	return fmt.Sprintf("%s (%s)", p.link.Name(), plural(int64(len(p.list)), "export"))
}

// makeKnown advertises a port's exports, or logs what that waits for.
func (s *Server) makeKnown(p *Port) {
	if p.told.down != "" {
		s.log.Warnf(waiting, p.title(), p.told.down)
		return
	}
	s.advertiseAll(p)
}

// waiting is what is logged of a link that carries no frames.
const waiting = "%s: %s; waiting for the link"

// attend notes changes of links, logs each once, and advertises the exports.
// Leader only.
func (s *Server) attend() {
	for _, p := range s.ports {
		if p.link.Changes() != p.seen {
			s.attendTo(p)
		}
	}
}

// attendTo notes a change of a port's link.
func (s *Server) attendTo(p *Port) {
	name, was, now := p.title(), p.told, p.look()
	p.told = now
	if now.mtu != was.mtu {
		s.log.Infof("%s: MTU %d, %d sectors a frame", name, now.mtu, p.wire.Sectors)
	}
	if now.mac != was.mac {
		s.log.Infof("%s: address %v", name, net.HardwareAddr(now.mac[:]))
	}
	switch {
	case now.down == was.down:
	case now.down != "":
		s.log.Warnf(waiting, name, now.down)
	default:
		s.log.Infof("%s: serving again", name)
	}
	if now != was && now.down == "" {
		s.advertiseAll(p)
	}
}

// trouble is a call of a link that fails and should not.
type trouble struct {
	call string
	on   atomic.Bool
}

// note logs when a trouble of a port begins, and when it ends.
func (s *Server) note(p *Port, t *trouble, err error) {
	if !t.on.CompareAndSwap(err == nil, err != nil) {
		return
	}
	if err != nil {
		s.log.Warnf("%s: cannot %s: %v; retrying", p.link.Name(), t.call, err)
	} else {
		s.log.Infof("%s: can %s again", p.link.Name(), t.call)
	}
}

// muted reports whether a link is left alone because receiving from it has
// failed.
func (s *Server) muted() bool {
	for _, p := range s.ports {
		if p.muted > 0 {
			return true
		}
	}
	return false
}
