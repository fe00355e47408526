// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/bpf"

	"vblade/internal/aoe"
	"vblade/internal/blade"
	"vblade/test/frametest"
)

// shortFilter is the length of a filter without masks.
var shortFilter = len(aoe.RequestFilter(nil, frametest.Shelf, frametest.Slot, nil))

// maskFrame is a MAC mask frame from Friend.
func maskFrame(op aoe.MaskOp, directive aoe.DirectiveOp, macs ...aoe.MAC) aoe.Frame {
	f := make(aoe.Frame, max(aoe.MinLen, aoe.MaskLen+len(macs)*aoe.DirectiveLen))
	copy(f, ataFrame(0, 0, 0, frametest.Slot))
	f.SetHeader(aoe.Version, 0, aoe.CommandMask)
	f.SetSrc(frametest.Friend)
	f.SetMaskRequest(op, len(macs))
	for i, m := range macs {
		f.SetDirective(i, directive, m)
	}
	return f
}

// checkFilter checks that the link's filter, or the one that it was opened with,
// passes the requests of the sources given and no others; all if there are none.
func (s *session) checkFilter(e frametest.Export, admitted []aoe.MAC) {
	s.t.Helper()
	raw := s.link.Filter()
	if len(raw) == 0 {
		raw = aoe.RequestFilter(nil, frametest.Shelf, frametest.Slot, e.Masks)
	}
	program, _ := bpf.Disassemble(raw)
	vm, err := bpf.NewVM(program)
	if err != nil {
		s.t.Fatal(err)
	}
	stations := []aoe.MAC{frametest.Target, frametest.Initiator, frametest.Friend, frametest.Stranger, {}}
	for _, src := range append(stations, admitted...) {
		f := maskFrame(aoe.MaskRead, 0)
		f.SetSrc(src)
		n, err := vm.Run(f)
		if want := len(admitted) == 0 || slices.Contains(admitted, src); err != nil || want != (n > 0) {
			s.t.Errorf("%d bytes of a frame of %x pass, %v; the masks are %x", n, src, err, admitted)
		}
	}
}

// filterPasses reports whether the link's filter lets a frame pass.
func (s *session) filterPasses(f []byte) bool {
	s.t.Helper()
	program, _ := bpf.Disassemble(s.link.Filter())
	vm, err := bpf.NewVM(program)
	if err != nil {
		s.t.Fatal(err)
	}
	n, err := vm.Run(f)
	if err != nil {
		s.t.Fatal(err)
	}
	return n > 0
}

// masks asks for the mask list; false where the link is too narrow for it.
func (s *session) masks() ([]aoe.MAC, bool) {
	s.t.Helper()
	f := aoe.Frame(s.ask(maskFrame(aoe.MaskRead, 0)))
	if f == nil {
		s.t.Fatal("a mask read is not answered")
	}
	if f.Has(aoe.FlagError) {
		return nil, false
	}
	var list []aoe.MAC
	for i := range f.MaskCount() {
		_, m := f.Directive(i)
		list = append(list, m)
	}
	return list, true
}

// TestFilterFollowsMasks sends every mask frame of the table: the filter is
// that of the list that comes of it.
func TestFilterFollowsMasks(t *testing.T) {
	for _, c := range frametest.All() {
		if !slices.ContainsFunc(c.Frames(), func(f []byte) bool { return len(f) > 19 && f[19] == byte(aoe.CommandMask) }) {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			s := serve(t, c.Export, plainDisk)
			s.run(c.Before)
			s.pass(c.Request)
			if masks, ok := s.masks(); ok {
				s.checkFilter(c.Export, masks)
			}
		})
	}
}

// TestFilterBeforeReply checks that the filter is that of the new list when an
// edit is answered, and not set where the list is as before.
func TestFilterBeforeReply(t *testing.T) {
	s := serve(t, frametest.Export{}, lateDisk)
	s.link.ForgetFilter()
	s.pass(maskFrame(aoe.MaskEdit, aoe.DirectiveDelete, frametest.Stranger))
	if len(s.link.Filter()) > 0 {
		t.Error("an edit that changes nothing sets a filter")
	}
	for range 50 {
		s.ask(maskFrame(aoe.MaskEdit, aoe.DirectiveAdd, frametest.Friend, frametest.Stranger))
		s.checkFilter(frametest.Export{}, []aoe.MAC{frametest.Friend, frametest.Stranger})
		s.ask(maskFrame(aoe.MaskEdit, aoe.DirectiveDelete, frametest.Stranger))
		s.checkFilter(frametest.Export{}, []aoe.MAC{frametest.Friend})
	}
}

// TestFilterRefused has the link refuse filters with masks, and all: it is
// logged once, and the masks hold all the same.
func TestFilterRefused(t *testing.T) {
	for instead, most := range map[string]int{"vblade drops": shortFilter, "it stays": 5} {
		t.Run(instead, func(t *testing.T) {
			s := serve(t, frametest.Export{}, plainDisk)
			s.link.BoundFilter(most)
			for range 3 {
				s.ask(maskFrame(aoe.MaskEdit, aoe.DirectiveAdd, frametest.Friend))
				s.checkFilter(frametest.Export{}, nil) // passes all
				s.ask(maskFrame(aoe.MaskEdit, aoe.DirectiveAdd, frametest.Stranger))
				s.ask(maskFrame(aoe.MaskEdit, aoe.DirectiveDelete, frametest.Stranger))
			}
			s.link.Forget()
			s.pass(ataFrame(0x20, 1, 5, frametest.Slot)) // from Initiator
			if s.link.Reply(frametest.Tag) != nil {
				t.Error("a source outside the masks is answered")
			}
			log := s.log.Leveled()
			if strings.Count(log, "warning: e265.4: memory0: ") != 1 || !strings.Contains(log, "the filter is too long; "+instead) {
				t.Errorf("want the refusal logged once, in a line; got\n%s", log)
			}
		})
	}
}

// TestFilterOfSeveral edits the masks of one of two blades: the filter, which is
// for both, shuts out nobody whom the other admits.
func TestFilterOfSeveral(t *testing.T) {
	store := frametest.Export{}.NewStore()
	own := newBlade(frametest.Export{}, store)
	other := blade.New(store, blade.Config{Shelf: frametest.Shelf, Slot: frametest.Slot + 1})
	s := serveBlades(t, frametest.NewLink(1500), bufferLen, own, other)
	s.ask(maskFrame(aoe.MaskEdit, aoe.DirectiveAdd, frametest.Friend))
	toOther := ataFrame(0x20, 1, 5, frametest.Slot+1) // from Initiator
	for _, c := range []struct {
		frame []byte
		want  bool
	}{{toOther, true}, {ataFrame(0x20, 1, 5, frametest.Slot), false}} {
		if got := s.filterPasses(c.frame); got != c.want {
			t.Errorf("the filter passes a frame to slot %d: %v", aoe.Frame(c.frame).Slot(), got)
		}
	}
}
