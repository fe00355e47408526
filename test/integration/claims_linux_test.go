// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"fmt"
	"strings"
	"testing"

	"vblade/test/lab"
	"vblade/test/slowdisk"
)

// refusal is what a vblade says that is to serve e9.0 on tgt0, which a process
// serves already.
func refusal(holder *lab.Process) string {
	return fmt.Sprintf("vblade: pid %d serves e9.0 on tgt0 already; end it first, or give another shelf or slot\n", holder.Pid())
}

// refuses checks that one more e9.0 on tgt0 is refused, for another serves it.
func (s *site) refuses(holder *lab.Process) {
	s.t.Helper()
	out, err := s.host.Output(s.vblade, "9", "0", "tgt0", s.image)
	if err == nil || string(out) != refusal(holder) {
		s.t.Errorf("served twice: %v: %swant %s", err, out, refusal(holder))
	}
}

// TestServedTwice starts a vblade beside another that serves the same address on
// the same interface, and on others: only the first is refused. A killed one is in
// nobody's way.
func TestServedTwice(t *testing.T) {
	s := newSite(t, 1500)
	if err := s.host.Wire("tgt1", "ini1", 1500); err != nil {
		t.Fatal(err)
	}
	first := s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", s.image)
	s.refuses(first)
	out, err := s.host.Output(s.vblade, "9", "0", "tgt1,tgt0", s.image)
	if err == nil || string(out) != refusal(first) {
		t.Errorf("on two interfaces: %v: %s", err, out)
	}
	s.host.StartVblade(t, s.vblade, "9", "1", "tgt0", s.image)
	s.host.StartVblade(t, s.vblade, "9", "0", "tgt1", s.image)
	first.Kill()
	second := s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", s.image)
	s.refuses(second)
	if err := second.Stop(); err != nil {
		t.Error(err)
	}
	s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", s.image)
}

// TestServedByAStoppedProcess starts a vblade beside another that is stopped, and
// so serves nothing: it warns and serves.
func TestServedByAStoppedProcess(t *testing.T) {
	s := newSite(t, 1500)
	first := s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", s.image)
	s.must(0, first.Suspend())
	second := s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", s.image)
	want := fmt.Sprintf("vblade: e9.0: pid %d, which served e9.0 on tgt0, does not answer and has not ended\n", first.Pid())
	if !strings.Contains(second.Stderr(), want) {
		t.Errorf("it says %swant %s", second.Stderr(), want)
	}
	first.Kill()
}

// TestAddServedTwice has a server be told to serve what another process does, and
// the other way round, before and after a successor has taken over.
func TestAddServedTwice(t *testing.T) {
	s := newServing(t)
	alone := s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", s.image)
	if out, err := s.ask("add", "9", "0", "tgt0", s.image); err == nil || out != refusal(alone) {
		t.Errorf("added: %v: %swant %s", err, out, refusal(alone))
	}
	if err := alone.Stop(); err != nil {
		t.Error(err)
	}
	s.must("add", "9", "0", "tgt0", s.image)
	s.refuses(s.Process)
	old := s.Process
	s.Process = s.host.StartVblade(t, s.vblade, "serve", "--replace", "--control", s.control)
	if err := old.Wait(); err != nil {
		t.Errorf("the old server: %v\n%s", err, old.Stderr())
	}
	s.refuses(s.Process)
	s.must("add", "9", "0", "tgt0", s.image)
	if said := s.Stderr(); strings.Contains(said, "seems to serve") || strings.Contains(said, "cannot tell") {
		t.Errorf("the successor doubts:\n%s", said)
	}
	s.must("remove", "e9.0")
	s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", s.image)
}

// TestServedByAnEndingProcess starts a vblade beside another that ends, but waits
// for its disk: nothing is in its way.
func TestServedByAnEndingProcess(t *testing.T) {
	s := newSite(t, 1500)
	disk := s.slowExport()
	first := s.hangAndSignal(disk)
	second := s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", s.image)
	if !first.Alive() || strings.Contains(second.Stderr(), "pid ") {
		t.Errorf("the first lives: %v; the second says %s", first.Alive(), second.Stderr())
	}
	disk.Release(slowdisk.Read)
	if err := first.Wait(); err != nil {
		t.Errorf("the first: %v\n%s", err, first.Stderr())
	}
	s.refuses(second)
}
