// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"encoding/binary"
	"slices"
	"sync/atomic"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/stats"
)

// maxInitiators is the most initiators that are remembered for an export. They
// take 2.5 KiB.
const maxInitiators = 64

// initiators is the initiators that have read, written or flushed an export. If
// there are more than maxInitiators, the one seen longest ago is forgotten. It
// belongs to the leader, except for known.
type initiators struct {
	known atomic.Int32 // how many there are
	last  int          // index of the one that was seen last
	macs  [maxInitiators]uint64
	list  [maxInitiators]initiator // each at the place of its MAC
}

// initiator is what is known about a MAC that uses an export.
type initiator struct {
	port     *Port         // by which it came last
	seen     time.Duration // clock when that was
	requests uint64        // reads, writes and flushes
	repeated uint64        // those of them that it had sent before
}

// macNumber returns a MAC as a number.
func macNumber(m aoe.MAC) uint64 {
	return uint64(binary.BigEndian.Uint16(m[:]))<<32 | uint64(binary.BigEndian.Uint32(m[2:]))
}

// find returns the initiator of a MAC, a new one if it is not known.
func (i *initiators) find(mac uint64) *initiator {
	if i.macs[i.last] == mac && i.known.Load() > 0 {
		return &i.list[i.last]
	}
	n := int(i.known.Load())
	at := slices.Index(i.macs[:n], mac)
	if at < 0 {
		at = i.place(n)
		i.macs[at], i.list[at] = mac, initiator{}
	}
	i.last = at
	return &i.list[at]
}

// place returns the index for a new initiator when n are known: a free one, or
// that of the initiator seen longest ago.
func (i *initiators) place(n int) int {
	if n < maxInitiators {
		i.known.Store(int32(n + 1))
		return n
	}
	oldest := 0
	for at := range i.list {
		if i.list[at].seen < i.list[oldest].seen {
			oldest = at
		}
	}
	return oldest
}

// meet counts a request that was accepted and has work for its initiator. Leader
// only.
func (s *Server) meet(r *request) {
	if r.Work.Op == ata.OpNone || r.Work.Op == ata.OpIdentify {
		return
	}
	e, mac := r.export, macNumber(r.Frame.Src())
	i := e.initiators.find(mac)
	i.port, i.seen = r.port, r.arrived
	i.requests++
	if s.recall(r, mac) {
		i.repeated++
		s.turn.touch(e)
		e.counts.turn.add(repeated, 1)
	}
}

// Users returns what initiators have set on an export, its config string, masks
// and reservation, and its initiators, the one seen last first.
func (s *Server) Users(name string) (stats.Users, error) {
	var u stats.Users
	var refused error
	err := s.ask(func() {
		e := s.find(name)
		if e == nil {
			refused = errNotServed(name)
			return
		}
		u = e.users()
	})
	if err == nil {
		err = refused
	}
	slices.SortStableFunc(u.Initiators, func(a, b stats.Initiator) int { return int(a.Idle - b.Idle) })
	return u, err
}

// users returns who uses the export. Leader only.
func (e *export) users() stats.Users {
	u := stats.Users{
		Config:      slices.Clone(e.ConfigString()),
		Masks:       slices.Clone(e.Masks()),
		Reservation: slices.Clone(e.Reservation()),
	}
	now := clock()
	for at := range int(e.initiators.known.Load()) {
		i := &e.initiators.list[at]
		one := stats.Initiator{Link: i.port.link.Name(), Idle: now - i.seen, Requests: i.requests, Repeated: i.repeated}
		var mac [8]byte
		binary.BigEndian.PutUint64(mac[:], e.initiators.macs[at])
		one.MAC = aoe.MAC(mac[2:])
		u.Initiators = append(u.Initiators, one)
	}
	return u
}
