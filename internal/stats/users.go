// SPDX-License-Identifier: GPL-2.0-only

package stats

import (
	"time"

	"vblade/internal/aoe"
)

// Recent is what an export has done in the last seconds: reads, writes and their
// bytes a second, and the time within which half and 99 percent of them were
// done. All is 0 if it has done nothing.
type Recent struct {
	Reads, ReadBytes, Writes, WriteBytes float64
	P50, P99                             time.Duration
}

// Users is what initiators have set on an export, and who they are.
type Users struct {
	Config      []byte    // the config string
	Masks       []aoe.MAC // who is served; if empty, everyone
	Reservation []aoe.MAC // who it is reserved for, if anyone
	Initiators  []Initiator
}

// Initiator is an initiator that has read, written or flushed an export.
type Initiator struct {
	MAC      aoe.MAC
	Link     string        // by which it came last
	Idle     time.Duration // since then
	Requests uint64        // reads, writes and flushes
	Repeated uint64        // those of them that it had sent before
}
