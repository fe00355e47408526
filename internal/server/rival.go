// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"bytes"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/journal"
)

// How many rivals are logged: so many at once, then one in an interval. A rival
// that is not logged advertises itself again.
const (
	rivalBurst = 4
	rivalEvery = 10 * time.Second
)

// What is known of rivals.
const (
	maxRivals    = 8               // of an export; more are as bad
	rivalAgain   = time.Hour       // from one warning of a rival to the next
	rivalSilence = 3 * time.Minute // after which one that was not heard is none any more
)

// ownEcho is how long an advertisement of ours may be on its way back to us.
const ownEcho = time.Second

// rival is another target with the address of an export, on a port's LAN.
type rival struct {
	link   string
	export *export
	mac    aoe.MAC
}

// rivalry is the rivals of an export that were heard. The zero rivalry has none.
type rivalry struct {
	mu    sync.Mutex
	known []knownRival
}

// knownRival is a rival that was heard.
type knownRival struct {
	mac           aoe.MAC
	heard, warned time.Duration // clock
}

// hear notes that a rival was heard, and reports whether to warn of it: when it is
// new, and an hour after the last warning.
func (y *rivalry) hear(mac aoe.MAC, now time.Duration) (warn bool) {
	y.mu.Lock()
	defer y.mu.Unlock()
	for i := range y.known {
		k := &y.known[i]
		if k.mac != mac {
			continue
		}
		k.heard = now
		if now-k.warned < rivalAgain {
			return false
		}
		k.warned = now
		return true
	}
	if len(y.known) == maxRivals {
		return false
	}
	y.known = append(y.known, knownRival{mac, now, now})
	return true
}

// count returns how many rivals there are.
func (y *rivalry) count() int {
	y.mu.Lock()
	defer y.mu.Unlock()
	return len(y.known)
}

// forget forgets the rivals that were silent for too long, and reports whether it has
// forgotten the last one.
func (y *rivalry) forget(now time.Duration) (over bool) {
	y.mu.Lock()
	defer y.mu.Unlock()
	before := len(y.known)
	y.known = slices.DeleteFunc(y.known, func(k knownRival) bool { return now-k.heard >= rivalSilence })
	return before > 0 && len(y.known) == 0
}

// hear processes an advertisement of a target (section 4). It queues a rival for
// the log and never blocks. Leader only.
func (s *Server) hear(p *Port, f aoe.Frame) {
	if f.Dst() != aoe.Broadcast || f.Command() != aoe.CommandConfig || f.Tag() != 0 || f.Has(aoe.FlagError) || len(f) < aoe.ConfigLen {
		return
	}
	at := p.exports[keyOf(f.Shelf(), f.Slot())]
	if at == nil || at.export.isOwn(f.Src()) && s.isEcho(p, at.export, f) {
		return
	}
	select {
	case s.reporter.rivals <- rival{link: p.link.Name(), export: at.export, mac: f.Src()}:
	default:
	}
}

// isOwn reports whether an address is that of a port of the export, of which
// another may be on the same LAN.
func (e *export) isOwn(mac aoe.MAC) bool {
	return slices.ContainsFunc(e.ports, func(p *Port) bool { return *p.wire.MAC.Load() == mac })
}

// isEcho reports whether an advertisement from an address of ours is our own,
// that came back or by another port, and not that of a host to which the address
// has moved: it says what ours says, and comes when ours was sent. Leader only.
func (s *Server) isEcho(p *Port, e *export, f aoe.Frame) bool {
	if clock()-e.advertised > ownEcho {
		return false
	}
	own := p.chores.scratchFrame()
	own = own[:e.Advertise(own, &p.wire, aoe.Broadcast)]
	ours, _ := own.ConfigString()
	said, whole := f.ConfigString()
	// The sectors of a frame differ from link to link.
	return whole && bytes.Equal(said, ours) && f.ConfigBuffers() == own.ConfigBuffers()
}

// FoundRival notes that a query on the LAN has found another target with the address of
// an export. It reports whether to warn of it.
func (s *Server) FoundRival(name string, mac aoe.MAC) (warn bool) {
	for _, e := range s.snapshot.Load().exports {
		if e.Name() == name {
			return e.rivalry.hear(mac, clock())
		}
	}
	return false
}

// Rivals returns the names of exports that have rivals. Whoever calls it now and then
// looks for these again: rivals that are silent for rivalSilence are forgotten.
func (s *Server) Rivals() []string {
	var names []string
	for _, e := range s.snapshot.Load().exports {
		if e.rivalry.forget(clock()) {
			s.log.Infof("%s: no other target serves it any more", journal.Export(e.Name()))
		}
		if e.rivalry.count() > 0 {
			names = append(names, e.Name())
		}
	}
	return names
}

// Heard reports whether a config query with a tag has been heard by the export
// itself: then an answer from an address of its own may be its own.
func (s *Server) Heard(name string, tag uint32) bool {
	for _, e := range s.snapshot.Load().exports {
		if e.Name() == name {
			return e.queries.has(tag)
		}
	}
	return false
}

// queries is the tags of the last config commands that an export has accepted. The
// zero queries has none.
type queries struct {
	last [8]atomic.Uint64 // each a tag and 1<<32
	next int              // the leader's
}

// note adds a tag, in place of the oldest. Leader only.
func (q *queries) note(tag uint32) {
	q.last[q.next].Store(1<<32 | uint64(tag))
	q.next = (q.next + 1) % len(q.last)
}

// has reports whether a tag is among them. Any goroutine may ask.
func (q *queries) has(tag uint32) bool {
	for i := range q.last {
		if q.last[i].Load() == 1<<32|uint64(tag) {
			return true
		}
	}
	return false
}

// logRival logs a rival that was heard, if that is due and it is one of few.
func (s *Server) logRival(r rival) {
	if r.export.rivalry.hear(r.mac, clock()) && s.reporter.fewer.Allow() {
		s.log.Warnf("%s: %v serves %s too; if that is not another path to the same disk, give one of them another shelf or slot",
			journal.Link(r.link), net.HardwareAddr(r.mac[:]), journal.Export(r.export.Name()))
	}
}
