// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"vblade/internal/blade"
	"vblade/internal/server"
	"vblade/test/frametest"
)

// announce serves e9.slot on all ports of a server, advertised so often.
func announce(s *stage, slot uint8, every time.Duration) {
	s.t.Helper()
	b := blade.New(frametest.Export{}.NewStore(), blade.Config{Shelf: 9, Slot: slot})
	if err := s.server.AddWith(b, server.Options{Announce: every}, s.ports...); err != nil {
		s.t.Fatal(err)
	}
}

// serveAnnounced serves e9.0, advertised so often, and e9.1, on two links, and
// returns a session for each link once both are advertised.
func serveAnnounced(t *testing.T, every time.Duration) (first, second *session) {
	host := frametest.NewHost()
	links := []*frametest.Link{host.NewLink(1500, "eth0"), host.NewLink(1500, "eth1")}
	all := newStage(t, host, buffers, bufferLen, links[0], links[1])
	announce(all, 0, every)
	announce(all, 1, 0)
	all.serve(patience)
	first, second = &session{stage: all, link: links[0]}, &session{stage: all, link: links[1]}
	first.awaitAdvertised(1, 1)
	second.awaitAdvertised(1, 1)
	return first, second
}

// TestAnnounce has one export advertised, then all, then all while a link is down:
// it is named, and hears nothing.
func TestAnnounce(t *testing.T) {
	eth0, eth1 := serveAnnounced(t, 0)
	for _, step := range []struct {
		name    string
		down    error // eth1
		waiting []string
		heard   [2][2]int // on each link, of each export
	}{
		{"e9.1", nil, nil, [2][2]int{{0, 1}, {0, 1}}},
		{"", nil, nil, [2][2]int{{1, 1}, {1, 1}}},
		{"e9.0", errCarrier, []string{"eth1: no carrier"}, [2][2]int{{1, 0}, {0, 0}}},
		{"", errCarrier, []string{"eth1: no carrier"}, [2][2]int{{1, 1}, {0, 0}}},
	} {
		eth1.change(1500, frametest.Target, step.down)
		eth0.link.Forget()
		eth1.link.Forget()
		waiting, err := eth0.server.Announce(step.name)
		if err != nil || !slices.Equal(waiting, step.waiting) {
			t.Errorf("%q: waits for %q, %v; want %q", step.name, waiting, err, step.waiting)
		}
		for i, s := range []*session{eth0, eth1} {
			for slot, want := range step.heard[i] {
				s.awaitAdvertised(uint8(slot), want)
			}
			if want, n := step.heard[i][0]+step.heard[i][1], len(s.link.Replies()); n != want {
				t.Errorf("%q: %d frames on eth%d; want %d", step.name, n, i, want)
			}
		}
	}
	if _, err := eth0.server.Announce("e9.2"); err == nil || err.Error() != "e9.2 is not served here" {
		t.Errorf("e9.2: %v", err)
	}
}

// TestAnnounceEvery has one export advertised again and again, added before the
// server serves or afterwards, on links that carry frames only, until it is removed.
func TestAnnounceEvery(t *testing.T) {
	const often = time.Millisecond
	eth0, eth1 := serveAnnounced(t, often)
	eth0.awaitAdvertised(0, 10)
	if n := eth0.advertised(1); n != 1 {
		t.Errorf("e9.1 is advertised %d times; want once", n)
	}
	announce(eth0.stage, 2, often)
	eth1.awaitAdvertised(2, 10)

	eth1.change(1500, frametest.Target, errCarrier)
	eth0.link.Forget()
	eth1.link.Forget()
	dropped := eth1.link.Dropped()
	eth0.awaitAdvertised(2, 10)
	if n := len(eth1.link.Replies()) + eth1.link.Dropped() - dropped; n != 0 {
		t.Errorf("%d frames on a link that is down", n)
	}
	if err := eth0.server.Remove("e9.0", patience); err != nil {
		t.Fatal(err)
	}
	eth0.link.Forget()
	eth0.awaitAdvertised(2, 10)
	if n := eth0.advertised(0); n != 0 {
		t.Errorf("e9.0 is advertised %d times after it was removed", n)
	}
	eth0.end()
	if _, err := eth0.server.Announce(""); !errors.Is(err, server.ErrEnded) {
		t.Errorf("after the end: %v", err)
	}
}
