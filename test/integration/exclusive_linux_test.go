// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// refusedToStart runs vblade and checks that it does not serve, with status 1, and why.
func (s *site) refusedToStart(want string, args ...string) {
	s.t.Helper()
	out, err := s.host.Output(s.vblade, args...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(out), want) {
		s.t.Errorf("vblade %s: %v, it prints\n%swant status 1 and %q", strings.Join(args, " "), err, out, want)
	}
}

// TestExclusive starts targets that are to be alone: beside others of their address,
// from the same MAC, too, as when one moves; beside none; and on links that are down.
func TestExclusive(t *testing.T) {
	s := newSite(t, 1500)
	if err := s.host.Wire("tgt1", "ini1", 1500); err != nil {
		t.Fatal(err)
	}
	const mac = "02:00:00:00:00:07"
	setMAC := func(netif string) {
		if err := s.host.Run("ip", "link", "set", netif, "address", mac); err != nil {
			t.Fatal(err)
		}
	}
	setMAC("ini0")
	other := s.disk("other")
	s.host.StartVblade(t, s.vblade, "--exclusive", "9", "0", "ini0", s.image)
	const want = "(--exclusive); end that first, or give another shelf or slot"
	s.refusedToStart(want, "--exclusive", "9", "0", "tgt1,tgt0", other)
	setMAC("tgt0")
	s.refusedToStart(fmt.Sprintf("e9.0 is served by %s already, as an answer on tgt0 says ", mac), "--exclusive", "9", "0", "tgt0", other)
	for _, args := range [][]string{{"9", "1", "tgt0", other}, {"9", "0", "tgt1", other}} {
		if err := s.host.StartVblade(t, s.vblade, append(args, "--exclusive")...).Stop(); err != nil {
			t.Errorf("%v: %v", args, err)
		}
	}
	if err := s.host.Run("ip", "link", "set", "tgt1", "down"); err != nil {
		t.Fatal(err)
	}
	s.refusedToStart("it is not known whether another target serves it", "--exclusive", "9", "0", "tgt1", other)
	if err := s.host.StartVblade(t, s.vblade, "--exclusive", "9", "2", "tgt0,tgt1", other).Stop(); err != nil {
		t.Errorf("with one link of two: %v", err)
	}
}
