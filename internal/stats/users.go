// SPDX-License-Identifier: GPL-2.0-only

package stats

import (
	"time"

	"vblade/internal/aoe"
)

// Recent is what an export has done in the last seconds: reads, writes and bytes of
// them a second, and how long half and 99 percent of them took at the most. All is 0
// where it has done nothing.
type Recent struct {
	Reads, ReadBytes, Writes, WriteBytes float64
	P50, P99                             time.Duration
}

// Users is what initiators have made of an export, and who they are.
type Users struct {
	Config      []byte    // the config string
	Masks       []aoe.MAC // who is served; none: everyone
	Reservation []aoe.MAC // who it is reserved for; none: it is not
	Initiators  []Initiator
}

// Initiator is one that has read, written or flushed an export.
type Initiator struct {
	MAC      aoe.MAC
	Link     string        // by which it came last
	Idle     time.Duration // since then
	Requests uint64        // reads, writes and flushes
	Repeated uint64        // those of them that it had sent before
}
