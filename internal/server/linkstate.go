// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"fmt"
	"net"
	"sync/atomic"

	"vblade/internal/aoe"
	"vblade/internal/journal"
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

// title is what the log calls a port: its link, and the export on it if there is one.
type title struct {
	link    journal.Link
	export  journal.Export // empty where there is none, or several
	exports int
}

// title returns the port's.
func (p *Port) title() title {
	t := title{link: journal.Link(p.link.Name()), exports: len(p.list)}
	if len(p.list) == 1 {
		t.export = journal.Export(p.list[0].export.Name())
	}
	return t
}

// String is how a line begins that is about the port.
func (t title) String() string {
	switch t.exports {
	case 0:
		return string(t.link)
	case 1:
		return string(t.export) + ": " + string(t.link)
	}
	return fmt.Sprintf("%s (%s)", t.link, plural(int64(t.exports), "export"))
}

// Fields has the link, and the export if there is one.
func (t title) Fields() []journal.Field {
	if t.export == "" {
		return t.link.Fields()
	}
	return append(t.link.Fields(), t.export.Fields()...)
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
		s.log.Warnf("%s: cannot %s: %v; retrying", journal.Link(p.link.Name()), t.call, err)
	} else {
		s.log.Infof("%s: can %s again", journal.Link(p.link.Name()), t.call)
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
