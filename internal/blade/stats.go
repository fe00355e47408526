// SPDX-License-Identifier: GPL-2.0-only

package blade

import (
	"vblade/internal/aoe"
	"vblade/internal/ata"
)

// Fault says why a request was refused: one of AoE's error codes (section 1),
// or what the ATA registers say (section 2).
type Fault uint8

// The faults.
const (
	FaultNone     = Fault(0)
	FaultCommand  = Fault(aoe.ErrCommand)
	FaultArgument = Fault(aoe.ErrArgument)
	FaultConfig   = Fault(aoe.ErrConfig)
	FaultReserved = Fault(aoe.ErrReserved)
	FaultNotFound = FaultReserved + 1 // IDNF: no such sector
	FaultAborted  = FaultReserved + 2 // ABRT: the disk failed, or does not know the command
	Faults        = int(FaultAborted) + 1
)

// String is the fault in the protocol's words.
func (f Fault) String() string {
	return [Faults]string{"none", "unrecognized command", "bad argument", "device unavailable",
		"config string present", "unsupported version", "reserved", "not found", "aborted"}[f]
}

// ataFault is the fault that an ATA command ended with.
func ataFault(r ata.Result) Fault {
	switch {
	case r.Status&ata.StatusError == 0:
		return FaultNone
	case r.Error&ata.ErrorNotFound != 0:
		return FaultNotFound
	}
	return FaultAborted
}

// Stats is what a Server has counted since it was made.
type Stats struct {
	Exports []ExportStats
	Links   []LinkStats
}

// ExportStats is what was counted of an export.
type ExportStats struct {
	Shelf uint16
	Slot  uint8

	// Requests that went to the disk, and the bytes of them that were done.
	Reads, ReadBytes, Writes, WriteBytes, Flushes uint64
	// Errors are the requests that were refused or failed, by Fault.
	Errors [Faults]uint64
	// Masked are the frames of sources that the mask list leaves out.
	Masked uint64
	// InFlight are the requests that wait, for the disk or for others.
	InFlight int64
	// Service is about all requests that were answered.
	Service ServiceTimes
}

// LinkStats is what was counted of a link, in frames.
type LinkStats struct {
	Name     string
	Received uint64
	Ignored  uint64 // received and not answered
	Sent     uint64
	Unsent   uint64 // replies that could not be sent
	Dropped  uint64 // came and found no room to be received in
}

// Stats returns what was counted. It holds nobody up: requests answered
// meanwhile may be counted in some of the figures and not yet in others.
func (s *Server) Stats() Stats {
	var stats Stats
	for _, b := range s.blades {
		stats.Exports = append(stats.Exports, b.stats())
	}
	stats.Links = append(stats.Links, s.port.stats())
	return stats
}

// stats returns what was counted of the export.
func (b *Blade) stats() ExportStats {
	var n [events]uint64
	e := ExportStats{Shelf: b.shelf, Slot: b.slot, InFlight: b.counts.inFlight.Load()}
	for _, c := range []*counters{&b.counts.led, &b.counts.crew} {
		for i := range n {
			n[i] += c.n[i].Load()
		}
		e.Service.add(&c.service)
	}
	e.Reads, e.ReadBytes = n[readsDone], n[readBytes]
	e.Writes, e.WriteBytes = n[writesDone], n[writeBytes]
	e.Flushes, e.Masked = n[flushesDone], n[masked]
	copy(e.Errors[:], n[faulted:])
	return e
}

// stats returns what was counted of the link. If it does not say what it
// dropped, what it said last stands.
func (p *port) stats() LinkStats {
	dropped, _ := p.link.Drops()
	return LinkStats{
		Name:     p.link.Name(),
		Received: p.counts.received.Load(),
		Ignored:  p.counts.ignored.Load(),
		Sent:     p.counts.sent.Load(),
		Unsent:   p.counts.unsent.Load(),
		Dropped:  dropped,
	}
}
