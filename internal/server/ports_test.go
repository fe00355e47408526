// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/internal/server"
	"vblade/test/frametest"
)

// ensemble is links of one host on which frames arrive whenever the server looks:
// before and after each Receive a few more of a script, by whatever link each is
// to come.
type ensemble struct {
	host  *frametest.Host
	links []*ensembleLink
	most  int               // frames that may be unanswered
	clock func(int64) int64 // what the kernel makes of a stamp

	mu        sync.Mutex
	random    *rand.Rand
	script    [][]byte // that has not arrived
	by        []int    // the link of each
	unsettled int      // frames that have arrived and have no reply
}

// ensembleLink is a link of an ensemble.
type ensembleLink struct {
	*frametest.Link
	all *ensemble
}

// newEnsemble makes so many links.
func newEnsemble(links int, random *rand.Rand) *ensemble {
	a := &ensemble{host: frametest.NewHost(), most: 40, random: random, clock: func(stamp int64) int64 { return stamp }}
	for i := range links {
		a.links = append(a.links, &ensembleLink{a.host.NewLink(9000, fmt.Sprintf("memory%d", i)), a})
	}
	return a
}

// plan appends a frame to the script, to come by a random link.
func (a *ensemble) plan(f []byte) int {
	a.script = append(a.script, f)
	a.by = append(a.by, a.random.IntN(len(a.links)))
	return a.by[len(a.by)-1]
}

// arrive has some more frames arrive.
func (a *ensemble) arrive() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for n := a.random.IntN(6); n > 0 && len(a.script) > 0 && a.unsettled < a.most; n-- {
		a.links[a.by[0]].Deliver(a.script[0])
		a.script, a.by = a.script[1:], a.by[1:]
		a.unsettled++
	}
}

// Receive receives, while more arrives.
func (l *ensembleLink) Receive(frames [][]byte, stamps []int64) (int, error) {
	l.all.arrive()
	n, err := l.Link.Receive(frames, stamps)
	for i := range n {
		stamps[i] = l.all.clock(stamps[i])
	}
	l.all.arrive()
	return n, err
}

// Send sends replies. More frames may arrive then.
func (l *ensembleLink) Send(frames [][]byte) (int, error) {
	n, err := l.Link.Send(frames)
	l.all.mu.Lock()
	for _, f := range frames {
		if tagOf(f[:aoe.HeaderLen]) != 0 {
			l.all.unsettled--
		}
	}
	l.all.mu.Unlock()
	l.all.host.Wake()
	return n, err
}

// serverLinks returns the links as a server takes them.
func (a *ensemble) serverLinks() []server.Link {
	var list []server.Link
	for _, l := range a.links {
		list = append(list, l)
	}
	return list
}

// TestSerialOverLinks sends random requests that overlap over two and three links
// to one export and to two, on disks of all paces: whenever the server looks at
// which link, replies and content are those of one request after the other.
func TestSerialOverLinks(t *testing.T) {
	for name, pace := range paceOf {
		for links := 2; links <= 3; links++ {
			for exports := 1; exports <= 2; exports++ {
				t.Run(fmt.Sprintf("%s, %d links, %d exports", name, links, exports), func(t *testing.T) {
					t.Parallel()
					random := rand.New(rand.NewPCG(uint64(links), uint64(exports)))
					testSerialOverLinks(t, newEnsemble(links, random), exports, pace, 1500)
				})
			}
		}
	}
}

// TestSerialWithoutStamps does the same with a kernel that says of no frame when
// it came: what comes by one link keeps its order, and nothing is lost.
func TestSerialWithoutStamps(t *testing.T) {
	a := newEnsemble(1, rand.New(rand.NewPCG(1, 1)))
	a.clock = func(int64) int64 { return 0 }
	testSerialOverLinks(t, a, 1, paceOf["slow"], 1500)
}

// testSerialOverLinks sends n requests over the links of an ensemble to exports.
func testSerialOverLinks(t *testing.T, a *ensemble, exports int, pace func(*rand.Rand) time.Duration, n uint32) {
	var mu sync.Mutex
	delays := rand.New(rand.NewPCG(3, 8))
	delay := func() time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return pace(delays)
	}
	s := newStage(t, a.host, engineBuffers, bufferLen, a.serverLinks()...)
	var refs []*serial
	var stores []*slowStore
	for i := range exports {
		stores = append(stores, newSlowStore(delay))
		refs = append(refs, &serial{data: make([]byte, engineSectors*ata.SectorSize), wanted: map[uint32][]byte{}})
		shelf, slot := addressOf(i)
		s.add(blade.New(stores[i], blade.Config{Shelf: shelf, Slot: slot}))
	}
	came := make([]int, n+1)
	for tag := uint32(1); tag <= n; tag++ {
		i := a.random.IntN(exports)
		came[tag] = a.plan(sentTo(i, refs[i].request(a.random, tag)))
	}
	s.serve(patience)
	for tag := uint32(1); tag <= n; tag++ {
		l := a.links[came[tag]]
		if !l.Await(func() bool { return l.Reply(tag) != nil }) {
			t.Fatalf("request %d is not answered", tag)
		}
		for _, ref := range refs {
			f := aoe.Frame(l.Reply(tag))
			if want := ref.wanted[tag]; want != nil && !bytes.Equal(f[aoe.ATALen:], want) {
				t.Fatalf("read %d of sector %d by link %d does not see exactly the writes before it", tag, f.ATALBA(), came[tag])
			}
		}
	}
	s.end()
	for i, ref := range refs {
		if !bytes.Equal(stores[i].data, ref.data) {
			t.Errorf("disk %d does not hold what the last write of each sector left", i)
		}
	}
}

// TestClockIsSet has the clock that stamps frames jump to and fro, ahead of the
// server's: each link's frames keep their order, and none waits for ever.
func TestClockIsSet(t *testing.T) {
	const exports, n = 2, 1500
	random := rand.New(rand.NewPCG(4, 4))
	a := newEnsemble(exports, random)
	jumps := rand.New(rand.NewPCG(5, 5))
	shift := int64(0)
	a.clock = func(stamp int64) int64 { // the leader calls it
		if jumps.IntN(20) == 0 {
			shift = jumps.Int64N(2e12)
		}
		return stamp + shift
	}
	s := newStage(t, a.host, engineBuffers, bufferLen, a.serverLinks()...)
	var refs []*serial
	for i := range exports {
		s.add(bladeOf(i, atOnce))
		refs = append(refs, &serial{data: make([]byte, engineSectors*ata.SectorSize), wanted: map[uint32][]byte{}})
	}
	for tag := uint32(1); tag <= n; tag++ { // export i by link i alone
		i := len(a.links) - 1 - random.IntN(len(a.links))
		a.script = append(a.script, sentTo(i, refs[i].request(random, tag)))
		a.by = append(a.by, i)
	}
	s.serve(patience)
	for i, l := range a.links {
		for tag := uint32(1); tag <= n; tag++ {
			want, reads := refs[i].wanted[tag]
			if !reads {
				continue
			}
			if !l.Await(func() bool { return l.Reply(tag) != nil }) {
				t.Fatalf("request %d is not answered", tag)
			}
			if !bytes.Equal(l.Reply(tag)[aoe.ATALen:], want) {
				t.Fatalf("read %d does not see exactly the writes before it", tag)
			}
		}
	}
}

// TestMoreThanABatch has many more frames wait on one link than it receives at a
// time, among them older and newer ones on another.
func TestMoreThanABatch(t *testing.T) {
	const n = 5 * server.MaxBatch
	for few := range 2 {
		f := newFleet(t, 2, 2*n)
		ref := &serial{data: make([]byte, engineSectors*ata.SectorSize), wanted: map[uint32][]byte{}}
		f.add(bladeOf(0, atOnce))
		random := rand.New(rand.NewPCG(6, uint64(few)))
		var by []int
		for tag := uint32(1); tag <= n; tag++ {
			at := few
			if tag%20 == 0 {
				at = 1 - few
			}
			by = append(by, at)
			f.links[at].Deliver(ref.request(random, tag))
		}
		f.serve(patience)
		for i, at := range by {
			tag, l := uint32(i+1), f.links[at]
			if !l.Await(func() bool { return l.Reply(tag) != nil }) {
				t.Fatalf("request %d is not answered", tag)
			}
			if want := ref.wanted[tag]; want != nil && !bytes.Equal(l.Reply(tag)[aoe.ATALen:], want) {
				t.Fatalf("read %d does not see exactly the writes before it", tag)
			}
		}
		f.end()
	}
}

// lastLink is a link on which, when the server looks at it for the second time in
// a turn, one more frame arrives and the end begins.
type lastLink struct {
	*frametest.Link
	looks int
	last  func()
}

// Receive receives.
func (l *lastLink) Receive(frames [][]byte, stamps []int64) (int, error) {
	if l.looks++; l.looks == 2 {
		l.last()
	}
	return l.Link.Receive(frames, stamps)
}

// TestEndAnswersAllLinks ends a server of two links that has received a frame and
// not admitted it: it is answered.
func TestEndAnswersAllLinks(t *testing.T) {
	host := frametest.NewHost()
	link := &lastLink{Link: host.NewLink(9000, "memory0")}
	s := newStage(t, host, 20, bufferLen, link, host.NewLink(9000, "memory1"))
	link.last = func() {
		link.Deliver(transferFrame(2, 1, 1, nil))
		s.stop()
		for !s.server.Ending() {
			runtime.Gosched()
		}
	}
	s.add(bladeOf(0, atOnce))
	link.Deliver(transferFrame(1, 0, 1, nil))
	s.serve(patience)
	for tag := uint32(1); tag <= 2; tag++ {
		if !link.Await(func() bool { return link.Reply(tag) != nil }) {
			t.Errorf("request %d was received and not answered", tag)
		}
	}
}

// TestOneExportOnTwoLinks sets what an export has by one link, and looks at it by
// the other.
func TestOneExportOnTwoLinks(t *testing.T) {
	f := newFleet(t, 2, 20)
	f.addAll(1)
	f.serve(patience)
	for i := range 2 {
		one, other := f.links[i], f.links[1-i]
		reserve := func(list ...aoe.MAC) {
			r := aoe.Frame(reserveFrame(frametest.Friend, aoe.ReserveForceSet, list...))
			f.ask(one, sentTo(0, r))
		}
		reserve(frametest.Stranger)
		if r := f.ask(other, transferFrame(0, 1, 1, nil)); r.Error() != aoe.ErrReserved {
			t.Errorf("a read of what the other link has reserved is answered by % x", r[:aoe.ATALen])
		}
		reserve()
		if r := f.ask(other, transferFrame(0, 1, 1, nil)); r.Has(aoe.FlagError) {
			t.Errorf("a read of what the other link has released is answered by % x", r[:aoe.ATALen])
		}
		text := fmt.Sprint("by link ", i)
		f.ask(one, sentTo(0, configFrame(0, aoe.ConfigForceSet, text)))
		if r := f.ask(other, sentTo(0, configFrame(0, aoe.ConfigRead, ""))); string(configString(r)) != text {
			t.Errorf("the config string is %q, want %q", configString(r), text)
		}
		if r := f.ask(other, sentTo(0, configFrame(0, aoe.ConfigRead, ""))); !bytes.Equal(r[6:12], f.macs(1-i)) {
			t.Errorf("the reply by link %d comes from % x", 1-i, r[6:12])
		}
	}
	before := [2]int{len(f.links[0].Filter()), len(f.links[1].Filter())}
	f.ask(f.links[0], sentTo(0, aoe.Frame(maskEdit(frametest.Friend, aoe.DirectiveAdd, frametest.Friend))))
	stranger := aoe.Frame(transferFrame(f.next(), 1, 1, nil))
	stranger.SetSrc(frametest.Stranger)
	f.links[1].Deliver(stranger)
	f.settled()
	for i, l := range f.links {
		if len(l.Filter()) == before[i] {
			t.Errorf("the filter of link %d does not know of the mask", i)
		}
		if l.Reply(f.tag) != nil {
			t.Error("a source outside the masks is answered")
		}
	}
}

// macs returns the address of the i-th link as bytes.
func (f *fleet) macs(i int) []byte {
	m := macOf(i)
	return m[:]
}

// TestOneLinkBreaks has one of two links fail: the other serves on, and the first
// again when it works.
func TestOneLinkBreaks(t *testing.T) {
	f := newFleet(t, 2, 20)
	f.addAll(2)
	f.serve(patience)
	for range 3 {
		f.links[0].Break(errors.New("network is down"))
		for i := range 20 {
			f.ask(f.links[1], sentTo(i%2, transferFrame(0, 1, 1, nil)))
		}
		f.links[0].Break(nil)
		f.ask(f.links[0], sentTo(1, transferFrame(0, 1, 1, nil)))
	}
	f.settled()
}
