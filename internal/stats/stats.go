// SPDX-License-Identifier: GPL-2.0-only

package stats

import (
	"time"

	"vblade/internal/aoe"
	"vblade/internal/blade"
)

// Server is the counters of a server since it was made.
type Server struct {
	Exports []Export
	Links   []Link
}

// Export is the counters of an export, and its present condition.
type Export struct {
	Shelf uint16
	Slot  uint8

	Disk     string // what it exports, by the name that it was added with
	Bytes    int64  // its size
	ReadOnly bool
	Links    []string // the names of the links that it is served on

	// Requests that went to the disk, and the bytes of them that were done.
	Reads, ReadBytes, Writes, WriteBytes, Flushes uint64
	// Errors are the requests that were refused or failed, by blade.Fault.
	Errors [blade.Faults]uint64
	// Masked are the frames of sources that the mask list leaves out.
	Masked uint64
	// Shed are the requests dropped because the export had used up its share of the
	// buffers.
	Shed uint64
	// Repeated are the reads, writes and flushes that their initiator had sent
	// before.
	Repeated uint64
	// Initiators is how many initiators of the export are remembered.
	Initiators int
	// Recent is what the export has done in the last seconds.
	Recent Recent
	// InFlight are the requests that wait, for the disk or for others.
	InFlight int64
	// Oldest is how long the oldest of them has waited.
	Oldest time.Duration
	// Failing says that requests fail, or did so a moment ago.
	Failing bool
	// Hanging says that the oldest request has waited so long that the disk, or the
	// storage of what initiators set, seems to hang.
	Hanging bool
	// FlushFailed says that every flush fails, since what was written may be lost.
	FlushFailed bool
	// Rivals are other targets with its address that were heard in the last minutes.
	Rivals int
	// Service is the times of all requests that were answered. It keeps counting.
	Service Service
}

// Name is what initiators call the export, such as e9.0.
func (e *Export) Name() string { return aoe.Address{Shelf: e.Shelf, Slot: e.Slot}.String() }

// Link is the counters of a link, in frames, and its present condition.
type Link struct {
	Name string
	Down string // why it carries no frames; empty if it does

	// How frames are received and sent, and why not faster; empty if there is no
	// faster way.
	Receive, WhyReceive, Send, WhySend string

	Received uint64
	Ignored  uint64 // received and not answered
	Sent     uint64
	Unsent   uint64 // replies that could not be sent
	Dropped  uint64 // found no room to be received in
	Stale    uint64 // received, and dropped because they had waited too long
}
