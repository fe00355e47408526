// SPDX-License-Identifier: GPL-2.0-only

package differential

import (
	"slices"
	"time"

	"vblade/internal/aoe"
)

// key is what one reply is known by.
type key struct {
	tag uint32
	address
}

// chorus are the replies of several exports.
type chorus struct {
	byKey map[key][]byte
	more  [][]byte // that nobody should have sent
}

// newChorus returns no replies.
func newChorus() *chorus { return &chorus{byKey: map[key][]byte{}} }

// add adds a frame.
func (c *chorus) add(b []byte) {
	f := aoe.Frame(b)
	if len(f) < aoe.HeaderLen {
		c.more = append(c.more, b)
		return
	}
	if isQuestion(f) {
		return
	}
	k := key{f.Tag(), address{f.Shelf(), f.Slot()}}
	if c.byKey[k] != nil {
		c.more = append(c.more, b)
		return
	}
	c.byKey[k] = b
}

// gather adds what a side sends, until done says that it is enough or patience
// ends.
func (c *chorus) gather(s *side, done func() bool) {
	late := time.After(patience)
	for !done() {
		select {
		case batch := <-s.arrived:
			for _, b := range batch {
				c.add(b)
			}
		case <-late:
			return
		}
	}
}

// holds reports whether c has a reply with a tag from every export.
func (c *chorus) holds(tag uint32) bool {
	return !slices.ContainsFunc(addresses, func(a address) bool { return c.byKey[key{tag, a}] == nil })
}

// judge compares the replies to a group.
func (f *fleet) judge(group []aoe.Frame, sentinels [][]byte, c, ours *chorus) bool {
	f.t.Helper()
	good := true
	compare := func(request aoe.Frame, a address) {
		k := key{request.Tag(), a}
		numbers, equal := explain(request, c.byKey[k], ours.byKey[k])
		unquiet := slices.ContainsFunc(numbers, func(n int) bool { return !slices.Contains(quietNumbers, n) })
		if !equal || unquiet {
			good = false
			at := firstDifference(c.byKey[k], ours.byKey[k])
			f.t.Errorf("%v, frame %d: the replies differ (%v)\nrequest  %s\nC        %s\nours     %s\nAgain: %s=%d %s=%d", a, request.Tag()&tagIndexMask,
				numbers, hexOf(request, 0), hexOf(c.byKey[k], at), hexOf(ours.byKey[k], at), seedVariable, f.run.seed, framesVariable, f.run.frames)
		}
		f.run.tally.add(numbers)
		delete(c.byKey, k)
		delete(ours.byKey, k)
	}
	for _, request := range group {
		f.run.tally.coverage.add(request, f.anyReply(request, ours))
		for _, a := range addresses {
			compare(request, a)
		}
	}
	for i, a := range addresses {
		if s := aoe.Frame(sentinels[i]); c.byKey[key{s.Tag(), a}] != nil {
			compare(s, a)
			continue
		}
		f.t.Errorf("%v: the C program does not answer the sentinel", a)
		good = false
	}
	for _, rest := range []*chorus{c, ours} {
		for k := range rest.byKey {
			f.t.Errorf("%v sent what answers nothing: %s", k.address, hexOf(rest.byKey[k], 0))
			good = false
		}
		if len(rest.more) > 0 {
			f.t.Errorf("a reply came twice: %s", hexOf(rest.more[0], 0))
			good = false
		}
	}
	return good
}

// anyReply returns a reply to a request, of whatever export.
func (f *fleet) anyReply(request aoe.Frame, ours *chorus) []byte {
	for _, a := range addresses {
		if b := ours.byKey[key{request.Tag(), a}]; b != nil {
			return b
		}
	}
	return nil
}
