// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"fmt"
	"strings"
	"testing"

	"vblade/internal/aoe"
)

// TestApplyHWAddr changes the address of an export's own, its links, and other options
// of it, and takes the address away: each time it has the interfaces that it needs, and
// no others.
func TestApplyHWAddr(t *testing.T) {
	a := newApplying(t)
	if err := a.host.Wire("tgt1", "ini1", 1500); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		netif, options string
		want           []string // interfaces
		mac            aoe.MAC  // where e9.0 is found
	}{
		{"tgt0", "--hwaddr auto", []string{ownName}, ownMAC(0)},
		{"tgt0", "--hwaddr auto -r", []string{ownName}, ownMAC(0)},
		{"tgt0", "--hwaddr a2:00:00:00:00:01", []string{ownName}, aoe.MAC{0xa2, 5: 1}},
		{"tgt0,tgt1", "--hwaddr a2:00:00:00:00:02,a2:00:00:00:00:01", []string{ownName, "vb9.0-tgt1"}, aoe.MAC{0xa2, 5: 2}},
		{"tgt1,tgt0", "--hwaddr auto", []string{ownName, "vb9.0-tgt1"}, ownMAC(1)},
		{"tgt0", "--hwaddr auto", []string{ownName}, ownMAC(0)},
	} {
		a.conf("a", 0, "netif="+c.netif, fmt.Sprintf("options=%q", c.options))
		a.must("apply", a.file("a"))
		if got := a.find(aoe.MAC{}).MAC; got != c.mac {
			t.Errorf("%s %s: it is at %x, want %x", c.netif, c.options, got, c.mac)
		}
		if now := a.own(); strings.Count(now, "\n") != len(c.want) || !containsAll(now, c.want...) {
			t.Errorf("%s %s: the interfaces are\n%s, want %q", c.netif, c.options, now, c.want)
		}
	}
	a.ip("link del " + ownName)
	a.conf("a", 0, "options='--hwaddr a2:00:00:00:00:03'")
	a.must("apply", a.file("a"))
	if got := a.find(aoe.MAC{}).MAC; got != [6]byte{0xa2, 5: 3} {
		t.Errorf("after its interface was deleted it is at %x", got)
	}
	a.conf("a", 0)
	a.must("apply", a.file("a"))
	a.hasNone("without an address of its own")
	a.find(aoe.MAC{})
}

// TestApplyHWAddrFails changes an export with an address of its own to what cannot be
// served: it is served as before, from the same interface, and apply says so.
func TestApplyHWAddrFails(t *testing.T) {
	a := newApplying(t)
	a.conf("a", 0, "options='--hwaddr auto'")
	a.conf("b", 1, "options='--hwaddr auto'")
	a.applies(true, "e9.0: added, a on tgt0, by a.conf\ne9.1: added, b on tgt0, by b.conf\n", a.file("a"), a.file("b"))
	before := a.own()
	taken := a.host.StartVblade(t, a.vblade, "9", "0", "lo", a.disk("third"))
	for name, c := range map[string]struct {
		lines []string
		want  string
	}{
		"its address is in use": {[]string{"options='--hwaddr a2:0e:00:09:01:00'"}, "another one on tgt0 has the address a2:0e:00:09:01:00; give another, or remove that one; e9.0 is served as before"},
		"no such link":          {[]string{"netif=tgt0,nope", "options='--hwaddr auto'"}, "interface nope: no such network interface; "},
		"no such own link":      {[]string{"netif=nope"}, "interface nope: no such network interface; there are lo, "},
		"another serves it":     {[]string{"netif=tgt0,lo"}, "serves e9.0 on lo already; end it first, or give another shelf or slot; e9.0 is served as before"},
		"the disk is gone":      {[]string{"filename=/nope", "options='--hwaddr auto -r'"}, "open /nope: no such file or directory"},
	} {
		a.conf("a", 0, c.lines...)
		if out, err := a.ask("apply", a.file("a")); err == nil || !strings.Contains(out, c.want) {
			t.Errorf("%s: %v: %s; want %s", name, err, out, c.want)
		}
		if now := a.own(); now != before {
			t.Errorf("%s: the interfaces were\n%sand are\n%s", name, before, now)
		}
		a.servesFromOwn()
	}
	if err := taken.Stop(); err != nil {
		t.Error(err)
	}
	a.conf("a", 0, "netif=tgt0,lo", "options='--hwaddr a2:00:00:00:00:01,a2:00:00:00:00:02'")
	if out, err := a.ask("apply", a.file("a")); err == nil || !strings.Contains(out, "lo carries no address but its own; name an Ethernet interface; e9.0 is served as before") {
		t.Errorf("on lo: %v: %s", err, out)
	}
	if now := a.own(); now != before {
		t.Errorf("the interfaces were\n%sand are\n%s", before, now)
	}
}

// TestApplyExclusive changes an export to one that is to be alone, beside a rival: it
// is served as before, and was never away.
func TestApplyExclusive(t *testing.T) {
	for _, own := range []string{"", "--hwaddr auto"} {
		a := newApplying(t)
		a.conf("a", 0, fmt.Sprintf("options=%q", own))
		a.must("apply", a.file("a"))
		before := a.own()
		rival := a.host.StartVblade(t, a.vblade, "9", "0", "ini0", a.disk("other"))
		a.conf("a", 0, fmt.Sprintf("options=%q", own+" --exclusive"))
		if out, err := a.ask("apply", a.file("a")); err == nil || !strings.Contains(out, "(--exclusive); end that first, or give another shelf or slot; e9.0 is served as before") {
			t.Errorf("%s: %v: %s", own, err, out)
		}
		if now := a.own(); now != before {
			t.Errorf("the interfaces were\n%sand are\n%s", before, now)
		}
		if err := rival.Stop(); err != nil {
			t.Error(err)
		}
		a.must("apply", a.file("a"))
		a.find(aoe.MAC{})
		if n := strings.Count(a.Stderr(), "remove e9.0"); n > 0 {
			t.Errorf("it was removed:\n%s", a.Stderr())
		}
	}
}

// TestApplyMoveFails gives an export an address that cannot be served: it keeps its
// own.
func TestApplyMoveFails(t *testing.T) {
	a := newApplying(t)
	a.must("apply", a.file("a"))
	rival := a.host.StartVblade(t, a.vblade, "9", "5", "ini0", a.disk("other"))
	for want, lines := range map[string][]string{
		"interface nope: no such network interface; there are lo, ini0, tgt0; e9.0 is served as before": {"netif=nope"},
		"(--exclusive); end that first, or give another shelf or slot; e9.0":                            {"options=--exclusive"},
	} {
		a.conf("a", 5, lines...)
		if out, err := a.ask("apply", a.file("a")); err == nil || !strings.Contains(out, want) {
			t.Errorf("%q: %v: %s", lines, err, out)
		}
		a.find(aoe.MAC{})
	}
	if err := rival.Stop(); err != nil {
		t.Error(err)
	}
	a.applies(true, "e9.0: removed, now e9.5 by a.conf\ne9.5: added, a on tgt0, by a.conf\n", a.file("a"))
}
