// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"fmt"
	"testing"

	"vblade/test/frametest"
)

// BenchmarkFrames is what a read costs from link to link without a system call:
// the table's disk, all of whose data is at hand, is read in batches of frames.
func BenchmarkFrames(b *testing.B) {
	for _, batch := range []int{1, 6} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			s := serve(b, frametest.Export{}, quickDisk)
			frames := numbered(manyReads(batch))
			b.ReportAllocs()
			for range b.N {
				s.link.Forget()
				s.link.Deliver(frames...)
				if !s.link.Await(func() bool { return s.link.Reply(uint32(batch)) != nil }) {
					b.Fatal("not answered")
				}
			}
		})
	}
}
