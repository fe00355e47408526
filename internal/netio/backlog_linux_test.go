// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"encoding/binary"
	"sync"
	"testing"
	"time"
)

// jumbo is the length of the frames of these tests.
const jumbo = 9014

// pausedTest is a wire whose sending link uses a queueing discipline that lets
// next to nothing pass.
type pausedTest struct {
	*xdpTest
	accepted int
}

// newPausedTest lays the wire.
func newPausedTest(t *testing.T) *pausedTest {
	t.Helper()
	p := &pausedTest{xdpTest: newXDPTest(t)}
	p.from.Close()
	p.from = openOn(t, p.host, "tgt0", Config{EtherType: testType, Buffers: MaxBatch, Align: 36})
	p.limit("add", "800kbit")
	p.from.sendMu.Lock()
	p.from.setBypass(false)
	p.from.sendMu.Unlock()
	return p
}

// limit sets the rate at which the interface sends.
func (p *pausedTest) limit(verb, rate string) {
	p.t.Helper()
	err := p.host.Run("tc", "qdisc", verb, "dev", "tgt0", "root", "tbf", "rate", rate, "burst", "64kb", "limit", "16mb")
	if err != nil {
		p.t.Fatal(err)
	}
}

// wait has the backlog wait for so long.
func (p *pausedTest) wait(patience time.Duration) {
	p.from.sendMu.Lock()
	defer p.from.sendMu.Unlock()
	p.from.backlog.patience = patience
}

// fill sends more than the system and the spare buffers hold, in frames that are
// numbered, and fails if most of that takes as long as to wait for room would.
func (p *pausedTest) fill(bufs [][]byte) {
	p.t.Helper()
	const rounds = 20
	waits := 0
	for range rounds {
		for i := range bufs {
			f := p.frame(0, jumbo)
			binary.BigEndian.PutUint32(f[14:], uint32(p.accepted+i))
			bufs[i] = bufs[i][:copy(bufs[i], f)]
		}
		begin := time.Now()
		n, err := p.from.Send(bufs)
		if err != nil {
			p.t.Fatal(err)
		}
		if time.Since(begin) >= keepFor {
			waits++
		}
		p.accepted += n
		for i := range bufs {
			bufs[i] = bufs[i][:cap(bufs[i])]
		}
	}
	if waits > rounds/2 {
		p.t.Errorf("to send took %v or more, %d times of %d; it waits for nothing", keepFor, waits, rounds)
	}
}

// left returns how many frames wait.
func (p *pausedTest) left() int {
	p.from.sendMu.Lock()
	defer p.from.sendMu.Unlock()
	return len(p.from.backlog.frames)
}

// awaitLeft waits until none waits any more.
func (p *pausedTest) awaitLeft() {
	p.t.Helper()
	p.await(func() bool { return p.left() == 0 })
}

// TestSendPaused sends to an interface that takes next to nothing, then goes on:
// what was accepted waits in order and arrives, each frame once. (The kernel's own
// queues, one for each CPU, may change the order.)
func TestSendPaused(t *testing.T) {
	p := newPausedTest(t)
	p.wait(time.Minute)
	own := p.from.Buffers()
	p.fill(own)
	if n := p.left(); n == 0 || p.accepted == 20*MaxBatch {
		t.Fatalf("%d frames wait, %d of %d were accepted; want some to wait, and no room for all", n, p.accepted, 20*MaxBatch)
	}
	p.checkOrder()
	p.limit("change", "10gbit")
	arrived := make([]bool, p.accepted)
	for range arrived {
		f := p.receive()
		if k := int(binary.BigEndian.Uint32(f[14:])); len(f) != jumbo || k >= p.accepted || arrived[k] {
			t.Fatalf("frame %d arrived, of %d bytes, that was not accepted, or twice", k, len(f))
		} else {
			arrived[k] = true
		}
	}
	p.awaitLeft()
	p.checkAll(own, MaxBatch)
	if n := p.from.Unsent(); n != 0 {
		t.Errorf("%d frames count as unsent", n)
	}
}

// checkOrder checks that frames wait in the order in which they were sent, the last
// that was accepted last.
func (p *pausedTest) checkOrder() {
	p.t.Helper()
	p.from.sendMu.Lock()
	defer p.from.sendMu.Unlock()
	waiting := p.from.backlog.frames
	for i, f := range waiting {
		if k := int(binary.BigEndian.Uint32(p.from.bufs.at(f.buffer)[14:])); k != p.accepted-len(waiting)+i {
			p.t.Fatalf("frame %d waits as number %d of %d; the last is %d", k, i, len(waiting), p.accepted-1)
		}
	}
}

// receive receives a frame.
func (p *pausedTest) receive() []byte {
	p.t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); p.to.Wait(time.Until(end)) {
		n, err := p.to.Receive(p.in[:1])
		if err != nil {
			p.t.Fatal(err)
		}
		if n > 0 {
			return p.in[0]
		}
	}
	p.t.Fatal("no more frames arrive")
	return nil
}

// TestSendPausedLong sends to an interface that takes next to nothing: what waits
// is dropped in time, and counted.
func TestSendPausedLong(t *testing.T) {
	p := newPausedTest(t)
	p.wait(time.Millisecond)
	own := p.from.Buffers()
	p.fill(own)
	p.awaitLeft()
	if p.from.Unsent() == 0 {
		t.Error("no frame counts as unsent")
	}
	p.checkAll(own, MaxBatch)
}

// TestSendPausedDown takes the interface down while frames wait: they are dropped,
// and counted.
func TestSendPausedDown(t *testing.T) {
	p := newPausedTest(t)
	p.wait(time.Minute)
	own := p.from.Buffers()
	p.fill(own)
	n := p.left()
	p.ip("link", "set", "tgt0", "down")
	p.await(func() bool { return p.from.Down() == ErrDown })
	if got := p.from.Unsent(); p.left() != 0 || got == 0 || got > uint64(n) {
		t.Errorf("%d frames wait on, %d count as unsent; want 0 and, but for those that have left in time, %d", p.left(), got, n)
	}
	p.checkAll(own, MaxBatch)
}

// TestClosePaused closes a link whose frames wait: it does not wait for longer
// than they may, and nobody can send any more.
func TestClosePaused(t *testing.T) {
	p := newPausedTest(t)
	p.wait(10 * time.Millisecond)
	p.fill(p.from.Buffers())
	if err := p.from.Close(); err != nil {
		t.Error(err)
	}
	if n, err := p.from.Send([][]byte{p.frame(1, 60)}); n != 0 || err != nil {
		t.Errorf("sent %d, %v on a link that is closed", n, err)
	}
}

// TestSendPausedAtOnce has several goroutines send to an interface that takes
// little: no buffer is lost, or in two hands.
func TestSendPausedAtOnce(t *testing.T) {
	const users = 4
	p := newPausedTest(t)
	p.wait(time.Millisecond)
	p.limit("change", "2gbit")
	own := p.from.Buffers()
	var all sync.WaitGroup
	for u := range users {
		all.Add(1)
		go func() {
			defer all.Done()
			bufs := own[u*len(own)/users : (u+1)*len(own)/users]
			for range 200 {
				for i := range bufs {
					bufs[i] = bufs[i][:copy(bufs[i], p.frame(u, jumbo))]
				}
				p.from.Send(bufs)
				for i := range bufs {
					bufs[i] = bufs[i][:cap(bufs[i])]
				}
			}
		}()
	}
	all.Wait()
	p.awaitLeft()
	p.checkAll(own, MaxBatch)
}
