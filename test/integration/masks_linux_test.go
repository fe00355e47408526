// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/blade"
	"vblade/internal/initiator"
	"vblade/internal/netio"
	"vblade/test/lab"
)

// socketFilter returns how many instructions the filter has of the packet socket
// that vblade has on tgt0.
func (s *site) socketFilter() string {
	s.t.Helper()
	ss := lab.Need(s.t, "ss", "iproute2")
	out, err := s.host.Output(ss, "--no-header", "--packet", "--all", "--numeric", "--bpf")
	if err != nil {
		s.t.Fatalf("ss: %v\n%s", err, out)
	}
	_, own, _ := strings.Cut(string(out), ":tgt0")
	m := regexp.MustCompile(`bpf filter \((\d+)\)`).FindStringSubmatch(own)
	if m == nil {
		lab.Skip(s.t, "the filters of packet sockets in the output of ss", "run as root, with iproute2 5 or later")
	}
	return m[1]
}

// TestMaskFilter edits a mask list of some and one as long as there can be: the
// kernel drops what they shut out, by a filter that every edit sets anew before
// it is answered.
func TestMaskFilter(t *testing.T) {
	for _, n := range []int{20, blade.MaxMasks} {
		t.Run(fmt.Sprint(n), func(t *testing.T) { testMaskFilter(t, n) })
	}
}

// testMaskFilter goes from n-1 masks to n and back. ss does not show long filters.
func testMaskFilter(t *testing.T, n int) {
	s := newSite(t, 1500)
	masks := []string{fmt.Sprintf("%x", alice[:])}
	for i := range n - 2 {
		masks = append(masks, fmt.Sprintf("0400000000%02x", i))
	}
	s.host.StartVblade(t, s.vblade, "-m", strings.Join(masks, ","), "9", "0", "tgt0", s.image)
	a := s.find(alice)
	for range 3 {
		s.checkFilter(n - 1)
		if _, err := s.open("ini0", initiator.Options{MAC: bob, Patience: 300 * time.Millisecond}).Find(9, 0); err == nil {
			t.Error("a host that is not in the list is answered")
		}
		if _, err := a.EditMasks(initiator.Directive{Op: aoe.DirectiveAdd, MAC: bob}); err != nil {
			t.Fatal(err)
		}
		s.checkFilter(n)
		s.find(bob)
		if _, err := a.EditMasks(initiator.Directive{Op: aoe.DirectiveDelete, MAC: bob}); err != nil {
			t.Fatal(err)
		}
	}
}

// checkFilter checks that the socket's filter is one of n masks, if n is small.
func (s *site) checkFilter(n int) {
	s.t.Helper()
	if n > 50 {
		return
	}
	if got, want := s.socketFilter(), fmt.Sprint(4096-netio.MaxFilter+aoe.MaxFilter(n)); got != want {
		s.t.Errorf("the filter has %s instructions; want %s, for %d masks", got, want, n)
	}
}
