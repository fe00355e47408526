// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"vblade/internal/aoe"
	"vblade/test/frametest"
)

// TestTableNames checks that every line of the table can be told from the others.
func TestTableNames(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range frametest.All() {
		if seen[c.Name] {
			t.Errorf("two cases are called %q", c.Name)
		}
		seen[c.Name] = true
	}
}

// TestTable sends every frame of the table to an export in its state, frame by
// frame, and wants the reply, byte for byte.
func TestTable(t *testing.T) {
	eachCase(t, func(t *testing.T, c frametest.Case, kind diskKind) {
		s := serve(t, c.Export, kind)
		s.run(c.Before)
		checkReply(t, c, s.ask(c.Request))
		s.check(c)
	})
}

// TestTableInOneBatch does the same where all of a case's frames arrive at once.
func TestTableInOneBatch(t *testing.T) {
	eachCase(t, func(t *testing.T, c frametest.Case, kind diskKind) {
		if len(c.Before) > 0 && c.OneBatch() {
			s := serve(t, c.Export, kind)
			checkReply(t, c, s.ask(c.Frames()...))
			s.check(c)
		}
	})
}

// eachCase runs a test of every line of the table on every kind of disk.
func eachCase(t *testing.T, test func(*testing.T, frametest.Case, diskKind)) {
	for kind := range diskKinds {
		t.Run(kind.String(), func(t *testing.T) {
			for _, c := range frametest.All() {
				t.Run(c.Name, func(t *testing.T) { test(t, c, kind) })
			}
		})
	}
}

// checkReply compares the reply to a case's frame with the one it wants.
func checkReply(t *testing.T, c frametest.Case, got []byte) {
	t.Helper()
	want := c.Reply
	if c.HeaderOnly && len(got) == len(want) {
		got, want = got[:aoe.HeaderLen], want[:aoe.HeaderLen]
	}
	switch {
	case bytes.Equal(got, want):
	case want == nil:
		t.Errorf("answered, which it must not be:\n%s", hex.Dump(got))
	case got == nil:
		t.Errorf("not answered; want\n%s", hex.Dump(want))
	default:
		i := 0
		for i < min(len(got), len(want)) && got[i] == want[i] {
			i++
		}
		t.Errorf("the reply of %d bytes differs from byte %d on; got\n%swant %d bytes\n%s",
			len(got), i, hex.Dump(got[:min(len(got), i/16*16+64)]), len(want), hex.Dump(want[:min(len(want), i/16*16+64)]))
	}
}

// check ends a session that went through a case: no frame was answered twice,
// no reply was too long for the link, nothing happened to the store that must not.
func (s *session) check(c frametest.Case) {
	s.t.Helper()
	s.end()
	times := map[uint32]int{}
	for _, r := range s.link.Replies() {
		times[aoe.Frame(r).Tag()]++
	}
	for _, f := range c.Frames() {
		if f := aoe.Frame(f); len(f) >= aoe.HeaderLen && times[f.Tag()] > 1 {
			s.t.Errorf("%d replies to the frame with tag %#x", times[f.Tag()], f.Tag())
		}
	}
	if n := s.link.Refused(); n > 0 {
		s.t.Errorf("%d replies were longer than the MTU allows", n)
	}
	if err := s.store.Trouble(); err != nil {
		s.t.Errorf("the store: %v", err)
	}
}
