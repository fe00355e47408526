// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"fmt"
	"testing"

	"vblade/internal/aoe"
	"vblade/test/frametest"
)

// writeFrame is a write of count sectors with data of its own.
func writeFrame(count uint8, lba uint64, seed byte) []byte {
	f := aoe.Frame(ataFrame(0x34, count, lba, frametest.Slot))
	f.SetATARequest(aoe.ATAExtended|aoe.ATAWrite, 0x34, count, lba)
	return append(f, bytes.Repeat([]byte{seed}, int(count)*sectorSize)...)
}

// TestContiguousRequests sends batches of requests that continue each other,
// which a server may do in one call: each has its own result, with a bad sector
// among them too, and what one writes the next reads.
func TestContiguousRequests(t *testing.T) {
	read := func(count uint8, lba uint64) []byte { return ataFrame(0x24, count, lba, frametest.Slot) }
	var reads, writes, mixed [][]byte
	for i := range 30 {
		reads = append(reads, read(2, uint64(2*i)))
		writes = append(writes, writeFrame(2, uint64(2*i), byte(i+1)))
		mixed = append(mixed, read(2, uint64(i)), read(2, uint64(i+2)), writeFrame(2, uint64(i+1), byte(i+1)), writeFrame(1, uint64(i+3), byte(i+101)))
	}
	for name, frames := range map[string][][]byte{
		"reads":              reads,
		"writes":             writes,
		"writes, then reads": append(append([][]byte{}, writes...), reads...),
		"mixed":              mixed,
	} {
		for _, bad := range []int64{0, 1, 8, 9, 63} {
			for kind := range diskKinds {
				t.Run(fmt.Sprintf("%s, bad sector %d, %v", name, bad, kind), func(t *testing.T) {
					own := make([][]byte, len(frames))
					for i, f := range frames {
						own[i] = bytes.Clone(f)
					}
					checkFrames(t, frametest.Export{BadSector: bad, MTU: 1500}, kind, numbered(own))
				})
			}
		}
	}
}
