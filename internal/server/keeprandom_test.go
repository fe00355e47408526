// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/test/frametest"
)

// randomRequest returns a request to e9.0 that may change something, or depend on
// what others have changed.
func randomRequest(random *rand.Rand) aoe.Frame {
	stations := []aoe.MAC{frametest.Friend, frametest.Initiator, frametest.Stranger}
	by, of := stations[random.IntN(3)], stations[random.IntN(3)]
	text := fmt.Sprint("text ", random.IntN(3))
	switch random.IntN(8) {
	case 0:
		return sent(by, configFrame(0, aoe.ConfigOp(random.IntN(5)), text))
	case 1:
		return sentToAll(sent(by, configFrame(0, aoe.ConfigForceSet, text)))
	case 2:
		return sent(by, reserveFrame(by, aoe.ReserveOp(random.IntN(3)), stations[:random.IntN(4)]...))
	case 3:
		return sent(by, maskFrame(aoe.MaskEdit, aoe.DirectiveOp(random.IntN(3)), of))
	case 4:
		return sent(by, readMasks())
	case 5:
		return sent(by, transferFrame(0, uint64(random.IntN(4)), 1, bytes.Repeat([]byte{byte(random.Uint32())}, ata.SectorSize)))
	case 6:
		return sentToAll(sent(by, configFrame(0, aoe.ConfigRead, "")))
	}
	return sent(by, transferFrame(0, uint64(random.IntN(4)), 1, nil))
}

// TestRandomChanges sends requests of several initiators, among them changes of
// which some cannot be kept, as fast as they are taken: every reply is that of an
// export that does one after the other.
func TestRandomChanges(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			testRandomChanges(t, seed)
		})
	}
}

// testRandomChanges is a run of TestRandomChanges.
func testRandomChanges(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 9))
	fails := map[int]bool{}
	for i := range 4000 {
		fails[i] = random.IntN(4) == 0
	}
	k := startKept(t, 1)
	k.fails = func(n int) bool { return fails[n] }
	model := newKeptModel(func(n int) bool { return fails[n] })
	for range 60 {
		var frames []aoe.Frame
		for range 1 + random.IntN(40) {
			frames = append(frames, randomRequest(random))
		}
		tags := k.send(frames...)
		want := map[uint32][]byte{}
		for i, f := range frames {
			want[tags[i]] = model.answer(bytes.Clone(f))
		}
		k.settled()
		for i, tag := range tags {
			if got := k.link.Reply(tag); !bytes.Equal(got, want[tag]) {
				t.Fatalf("the reply to % x\nis   % x\nwant % x", frames[i][:aoe.ATALen], got, want[tag])
			}
		}
		k.link.Forget()
	}
	if k.saves != model.saves || k.saves < 100 || k.kept != model.kept {
		t.Errorf("%d saves, want %d; the same is kept: %v", k.saves, model.saves, k.kept == model.kept)
	}
}

// keptModel is an export that does one request after the other.
type keptModel struct {
	*blade.Blade
	wire  blade.Wire
	fails func(int) bool
	saves int
	kept  blade.State
}

// newKeptModel returns e9.0 as a fleet has it.
func newKeptModel(fails func(int) bool) *keptModel {
	m := &keptModel{fails: fails}
	m.Blade = blade.New(newSlowStore(atOnce), blade.Config{Shelf: 9, Host: "h", Kept: new(blade.State)})
	mac := macOf(0)
	m.wire.MAC.Store(&mac)
	m.wire.Room, m.wire.Sectors = 9014, 17
	return m
}

// answer returns the reply to a frame.
func (m *keptModel) answer(frame aoe.Frame) []byte {
	if !m.Admits(frame.Src()) {
		return nil
	}
	r := &blade.Request{Buf: make([]byte, bufferLen)}
	r.Begin(copy(r.Buf, frame), &m.wire)
	m.Accept(r)
	if r.Proposes {
		m.saves++
		if m.fails(m.saves - 1) {
			m.Refuse(r)
		} else {
			m.kept = *m.Proposed()
			r.Kept = true
			m.Accept(r)
		}
	}
	if r.Work.Op != ata.OpNone {
		n, err := m.Disk().Do(r.Work.Op, r.Work.LBA, [][]byte{r.Work.Data})
		r.Complete(n, err)
	}
	return r.Buf[:r.Reply]
}
