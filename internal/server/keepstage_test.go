// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"errors"
	"sync"
	"testing"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/test/frametest"
)

// keeper keeps states in memory.
type keeper struct {
	mu    sync.Mutex
	saves int                 // begun
	kept  blade.State         // saved last
	fails func(save int) bool // whether the n-th fails; nil for none
	gate  chan struct{}       // that a save waits at; nil for none
}

// errFull is why a save of a keeper fails.
var errFull = errors.New("write STATE: no space left on device")

// Save keeps a state.
func (k *keeper) Save(s *blade.State) error {
	k.mu.Lock()
	n, gate := k.saves, k.gate
	k.saves++
	k.mu.Unlock()
	if gate != nil {
		<-gate
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fails != nil && k.fails(n) {
		return errFull
	}
	k.kept = *s
	return nil
}

// count returns how many saves were begun.
func (k *keeper) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.saves
}

// hang has saves wait, from now on, until the function that it returns is called.
func (k *keeper) hang() (release func()) {
	gate := make(chan struct{})
	k.mu.Lock()
	k.gate = gate
	k.mu.Unlock()
	return sync.OnceFunc(func() {
		k.mu.Lock()
		k.gate = nil
		k.mu.Unlock()
		close(gate)
	})
}

// keptBlade returns the blade of an export of the table, with a state that is kept.
func keptBlade(e frametest.Export, store ata.Store, kept *blade.State) *blade.Blade {
	return blade.New(store, blade.Config{
		Shelf: frametest.Shelf, Slot: frametest.Slot, Buffers: frametest.Buffers,
		Masks: e.Masks, Host: frametest.Hostname, Kept: kept,
	})
}

// keptEngine is an export of e9.0 whose state is kept, beside others.
type keptEngine struct {
	*fleet
	*keeper
	link *frametest.Link
}

// startKept serves n exports whose state one keeper keeps, over a link.
func startKept(t *testing.T, n int) *keptEngine {
	f, k := newFleet(t, 1, 100), new(keeper)
	f.keeper = k
	for i := range n {
		shelf, slot := addressOf(i)
		f.add(blade.New(newSlowStore(atOnce), blade.Config{Shelf: shelf, Slot: slot, Host: "h", Kept: new(blade.State)}))
	}
	f.serve(patience)
	return &keptEngine{f, k, f.links[0]}
}

// send delivers frames at once and returns their tags.
func (k *keptEngine) send(frames ...aoe.Frame) []uint32 {
	tags := make([]uint32, len(frames))
	all := make([][]byte, len(frames))
	for i, f := range frames {
		tags[i] = k.next()
		f.SetTag(tags[i])
		all[i] = f
	}
	k.link.Deliver(all...)
	return tags
}

// answer waits for the reply to a tag.
func (k *keptEngine) answer(tag uint32) aoe.Frame {
	k.t.Helper()
	if !k.link.Await(func() bool { return k.link.Reply(tag) != nil }) {
		k.t.Fatalf("request %#x is not answered", tag)
	}
	return k.link.Reply(tag)
}

// set returns a frame that sets the config string of the i-th export by force.
func set(i int, s string) aoe.Frame { return sentTo(i, configFrame(0, aoe.ConfigForceSet, s)) }

// get returns a frame that asks for it.
func get(i int) aoe.Frame { return sentTo(i, configFrame(0, aoe.ConfigRead, "")) }

// admit returns a frame that adds a mask.
func admit(m aoe.MAC) aoe.Frame { return maskFrame(aoe.MaskEdit, aoe.DirectiveAdd, m) }

// readMasks returns a frame that asks for the masks.
func readMasks() aoe.Frame { return maskFrame(aoe.MaskRead, aoe.DirectiveNone) }

// sent is a frame of somebody to e9.0.
func sent(by aoe.MAC, frame []byte) aoe.Frame {
	f := sentTo(0, bytes.Clone(frame))
	f.SetSrc(by)
	return f
}
