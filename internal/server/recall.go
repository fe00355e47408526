// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"math/bits"
	"time"

	"vblade/internal/ata"
)

// An initiator sends a request again when it has waited too long for the reply,
// because the request or the reply was lost, or the disk is slow. These count as
// repeated:
//
//   - the same read, write or flush with the same tag within memoryTime;
//   - the same read or write with any tag, before the first was answered: the
//     Linux driver repeats with a new tag. It keeps a page locked while it is read or
//     written, so that it does not ask twice for the same sectors otherwise, but for
//     programs that bypass its page cache.
//
// A request that is repeated with a new tag after its reply was lost looks like a
// new one, and is not counted.

// How many requests are remembered for that, by all exports together: as many as
// a busy server gets in 0.1 seconds.
const (
	memoryBits = 12
	memoryTime = 10 * time.Second
)

// memory is the last requests that were accepted, each at the index given by its
// print, where it replaces an earlier one. It belongs to the leader.
type memory [1 << memoryBits]memo

// memo is a request that was accepted.
type memo struct {
	print  uint64 // 0 for none
	at     time.Duration
	tag    uint32
	number uint32 // of the ticket, under which it may still be in flight
}

// recall reports whether an accepted request from a MAC was sent before, and
// remembers it. Leader only.
func (s *Server) recall(r *request, mac uint64) bool {
	op := r.Work.Op
	print := fingerprint(mac|uint64(r.export.lane.ID)<<48, uint64(r.Work.LBA)|uint64(op)<<48|uint64(r.Work.Sectors())<<52)
	m := &s.memory[print>>(64-memoryBits)]
	before := *m
	*m = memo{print: print, at: r.arrived, tag: r.Frame.Tag(), number: uint32(r.Number)}
	r.print.Store(print)
	switch {
	case before.print != print:
		return false
	case before.tag == m.tag:
		return m.at-before.at <= memoryTime
	case op == ata.OpFlush:
		return false
	}
	first := s.requests[before.number] // only the leader changes the list
	return first != nil && first != r && first.print.Load() == print
}

// fingerprint hashes two numbers into one that is not 0.
func fingerprint(a, b uint64) uint64 {
	h := (a ^ bits.RotateLeft64(b*0x9e3779b97f4a7c15, 32)) * 0xff51afd7ed558ccd
	h ^= h >> 32
	h = (h + b) * 0xc4ceb9fe1a85ec53
	h ^= h >> 29
	return h | 1
}
