// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"runtime"
	"testing"

	"vblade/internal/aoe"
	"vblade/test/frametest"
)

// TestNothingAllocatesOverLinks checks that the server allocates nothing on the way
// of frames that come by several links, to one export and to all.
func TestNothingAllocatesOverLinks(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const exports = 20
	f := newFleet(t, 3, 100)
	f.addAll(exports)
	f.serve(patience)
	for name, frame := range map[string]func(i int) aoe.Frame{
		"reads":      func(i int) aoe.Frame { return sentTo(i, transferFrame(0, uint64(i), 2, nil)) },
		"clashes":    func(i int) aoe.Frame { return sentTo(0, transferFrame(0, uint64(i), 2, make([]byte, 2*sectorSize))) },
		"config":     func(i int) aoe.Frame { return sentTo(i, configFrame(0, aoe.ConfigRead, "")) },
		"identify":   func(i int) aoe.Frame { return sentTo(i, identifyFrame(0)) },
		"masks":      func(i int) aoe.Frame { return sentTo(i, maskFrame(aoe.MaskRead, 0)) },
		"broadcasts": func(int) aoe.Frame { return sentToAll(configFrame(0, aoe.ConfigRead, "")) },
		"to all":     func(i int) aoe.Frame { return sentToAll(transferFrame(0, uint64(i), 1, nil)) },
	} {
		t.Run(name, func(t *testing.T) {
			var frames [3][][]byte
			for i := range frames {
				for k := range 3 {
					one := frame(3*i + k)
					one.SetTag(uint32(1 + k))
					frames[i] = append(frames[i], one)
				}
				last := sentTo(i, configFrame(99, aoe.ConfigRead, ""))
				frames[i] = append(frames[i], last)
			}
			least := ^uint64(0)
			for try := 0; try < 5*tries && least > 0; try++ {
				least = min(least, f.allocations(frames[:]))
			}
			if least > 0 {
				t.Errorf("%d allocations", least)
			}
		})
	}
}

// allocations counts the allocations from the delivery of frames by each link to
// the replies to the last of each.
func (f *fleet) allocations(frames [][][]byte) uint64 {
	f.t.Helper()
	f.settled()
	for _, l := range f.links {
		l.Forget()
	}
	var l *frametest.Link
	answered := func() bool { return l.Reply(99) != nil }
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range f.links {
		f.links[i].Deliver(frames[i]...)
	}
	for _, l = range f.links {
		if !l.Await(answered) {
			f.t.Fatal("not answered")
		}
	}
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs
}
