// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"strings"
	"testing"
	"time"

	"vblade/internal/ata"
	"vblade/internal/order"
)

// TestAccessOf checks that every kind of work has a stated access, and that the
// sectors are those of reads and writes alone.
func TestAccessOf(t *testing.T) {
	for op := range ata.Ops {
		if a := accessOf[op]; a < order.Read || a > order.Free {
			t.Errorf("operation %d has access %d, which is none", op, a)
		}
		r := &request{export: &export{lane: new(lane)}}
		r.Work = ata.Work{Op: op, LBA: 7, Data: make([]byte, 3*ata.SectorSize)}
		r.First, r.Sectors = 1, 1 // of what the request was before
		r.enrol()
		if wants := op == ata.OpRead || op == ata.OpWrite; wants != (r.Sectors == 3 && r.First == 7) || !wants && r.Sectors != 0 {
			t.Errorf("operation %d takes %d sectors from %d", op, r.Sectors, r.First)
		}
	}
}

// TestCrowd takes the score of a crowd through what requests show: a for one that
// came alone, b for one that did not, S for a call that kept the leader.
func TestCrowd(t *testing.T) {
	for _, c := range []struct {
		events  string
		several bool
	}{
		{"", false},
		{"a", false},
		{"b", false},
		{"bb", true},
		{"bba", false},
		{"bbbaaaaaaaa", true},
		{"bbbaaaaaaaaa", false},
		{"bbbbbbbbbbbbbbbbbb" + strings.Repeat("a", 16), true}, // no more than crowdMost is remembered
		{"bbbbbbbbbbbbbbbbbb" + strings.Repeat("a", 17), false},
		{strings.Repeat("baaaaaaaa", 50), false}, // one in nine
		{strings.Repeat("ba", 50), true},
		{"S", true},
		{"S" + strings.Repeat("a", 48), true},
		{"S" + strings.Repeat("a", 49), false},
		{"Sb" + strings.Repeat("a", 49), false}, // what is above crowdMost does not grow
	} {
		var w crowd
		for _, e := range c.events {
			switch e {
			case 'S':
				w.stall()
			default:
				w.note(e == 'a')
			}
		}
		if w.several() != c.several {
			t.Errorf("after %s the score is %d, several: %v", c.events, w.score, w.several())
		}
	}
}

// arrival is a request as comesAlone sees it.
type arrival struct {
	at      time.Duration
	of      int   // which export
	with    int   // more requests in the turn
	undone  int   // requests in flight whose work is not done
	stamp   int64 // when the kernel received it
	inPlace int64 // then the leader does it itself, until this stamp
	alone   bool  // what is wanted
}

// TestComesAlone gives a leader requests of two exports.
func TestComesAlone(t *testing.T) {
	const ms = time.Millisecond
	for name, list := range map[string][]arrival{
		"one initiator":          {{at: 0, alone: true}, {at: ms, alone: true}},
		"two in a turn":          {{at: ms, with: 1}, {at: ms, alone: true}},
		"one in flight":          {{at: ms, undone: 1}, {at: ms, alone: true}},
		"while one was done":     {{at: ms, stamp: 1, inPlace: 5, alone: true}, {at: ms, stamp: 4}, {at: ms, stamp: 9, alone: true}},
		"after one was done":     {{at: ms, stamp: 1, inPlace: 5, alone: true}, {at: ms, stamp: 6, alone: true}},
		"two exports at once":    {{at: ms, alone: true}, {at: 2 * ms, of: 1}, {at: 3 * ms}, {at: 4 * ms, of: 1}},
		"another ends":           {{at: ms, alone: true}, {at: 2 * ms, of: 1}, {at: 20 * ms, of: 1}, {at: 21 * ms, of: 1, alone: true}},
		"another, long ago":      {{at: ms, alone: true}, {at: time.Second, of: 1, alone: true}, {at: 2 * time.Second, alone: true}},
		"another, used for long": {{at: ms, alone: true}, {at: 30 * ms, alone: true}, {at: 49 * ms, of: 1}, {at: 50 * ms, of: 1, alone: true}},
	} {
		t.Run(name, func(t *testing.T) {
			s, exports := &Server{}, [2]*export{{}, {}}
			for i, a := range list {
				s.turn.began = a.at
				s.turn.pending = []*request{{stamp: a.stamp}}
				for range a.with {
					s.turn.pending = append(s.turn.pending, &request{stamp: a.stamp})
				}
				s.undone.Store(int32(a.undone))
				if got := s.comesAlone(exports[a.of]); got != a.alone {
					t.Errorf("request %d comes alone: %v, want %v", i, got, a.alone)
				}
				s.inPlace = max(s.inPlace, a.inPlace)
			}
		})
	}
}
