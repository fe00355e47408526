// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

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
		"--state names another directory":                                                               {"options='--state /nope/state'"},
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
	a.conf("a", 5)
	a.applies(true, "e9.0: removed, now e9.5 by a.conf\ne9.5: added, a on tgt0, by a.conf\n", a.file("a"))
}

// TestApplyMoveHWAddr gives an export another address, together with an address of its
// own that is in use, or that it has already: what cannot be served shows only after it
// has ended, and it is served as before, from the same interface.
func TestApplyMoveHWAddr(t *testing.T) {
	a := newApplying(t)
	for _, c := range []struct {
		slot    int
		options string
		want    string // its own interface
	}{
		{0, "--hwaddr a2:00:00:00:00:01", ownName},
		{5, "--hwaddr a2:00:00:00:00:01", "vb9.5-tgt0"},
		{0, "--hwaddr auto", ownName},
	} {
		a.conf("a", c.slot, fmt.Sprintf("options=%q", c.options))
		a.must("apply", a.file("a"))
		a.impatient(uint8(c.slot))
		if now := a.own(); strings.Count(now, "\n") != 1 || !strings.Contains(now, c.want) {
			t.Errorf("at slot %d it has\n%s, want %s", c.slot, now, c.want)
		}
	}
	before := a.own()
	a.ip("link add link tgt0 name taken address a2:00:00:00:00:01 type macvlan mode bridge")
	a.ip("link set taken up")
	fails := func(options, want string) {
		t.Helper()
		a.conf("a", 5, fmt.Sprintf("options=%q", options))
		if out, err := a.ask("apply", a.file("a")); err == nil || !strings.Contains(out, want) || strings.Contains(out, "removed") {
			t.Errorf("%s: %v: %s; want %s", options, err, out, want)
		}
		if now := a.own(); now != before {
			t.Errorf("%s: the interfaces were\n%sand are\n%s", options, before, now)
		}
		a.servesFromOwn()
	}
	fails("--hwaddr a2:00:00:00:00:01", "another one on tgt0 has the address a2:00:00:00:00:01; give another, or remove that one; e9.0 is served as before")
	state, err := os.OpenFile(filepath.Join(a.state, "e9.5.state"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer state.Close()
	if err := unix.Flock(int(state.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	mac := ownMAC(0)
	const inUse = "e9.5 is served elsewhere, or was just now; e9.0 "
	fails("", inUse+"is served as before")
	fails("--hwaddr auto", inUse+"is served as before")
	fails(fmt.Sprintf("--hwaddr %v", net.HardwareAddr(mac[:])), inUse+"cannot be served as before either")
}

// TestApplyMoveLinkless gives an export another address while its interface is gone:
// it goes on waiting at its own.
func TestApplyMoveLinkless(t *testing.T) {
	a := newApplying(t)
	a.must("apply", a.file("a"))
	a.ip("link del tgt0")
	a.conf("a", 5)
	for _, args := range [][]string{{"--dry-run", a.file("a")}, {a.file("a")}} {
		const want = "interface tgt0: no such network interface; there are lo; e9.0 is served as before"
		if out, err := a.ask("apply", args...); err == nil || !strings.Contains(out, want) {
			t.Errorf("apply %q: %v: %s; want %s", args, err, out, want)
		}
	}
	if out := a.must("status"); !strings.Contains(out, "e9.0 ") {
		t.Errorf("status prints\n%s", out)
	}
}

// TestApplyDryRunLinkless has a dry run of an interface that is not there.
func TestApplyDryRunLinkless(t *testing.T) {
	a := newApplying(t)
	a.conf("a", 0, "netif=nope")
	if out, err := a.ask("apply", "--dry-run", a.file("a")); err == nil || !strings.Contains(out, "interface nope: no such network interface; ") {
		t.Errorf("%v: %s", err, out)
	}
}

// TestApplySwap has two exports change places, each with the other's interface, too.
func TestApplySwap(t *testing.T) {
	a := newApplying(t)
	if err := a.host.Wire("tgt1", "ini1", 1500); err != nil {
		t.Fatal(err)
	}
	a.conf("b", 1, "netif=tgt1")
	a.must("apply", a.file("a"), a.file("b"))
	a.conf("a", 1, "netif=tgt1")
	a.conf("b", 0)
	a.applies(true, "e9.0: would be removed, now e9.1 by a.conf\ne9.1: would be changed, a on tgt1, by a.conf\ne9.0: would be changed, b on tgt0, by b.conf\n", "--dry-run", a.file("a"), a.file("b"))
	a.applies(true, "e9.0: removed, now e9.1 by a.conf\ne9.1: changed, a on tgt1, by a.conf\ne9.0: added, b on tgt0, by b.conf\n", a.file("a"), a.file("b"))
}

// TestApplySwapFails has two exports change places, of which the first cannot be
// served at its new address: the disk of the second is not served at both.
func TestApplySwapFails(t *testing.T) {
	a := newApplying(t)
	a.must("apply", a.file("a"), a.file("b"))
	a.ip("link add link tgt0 name taken address a2:00:00:00:00:01 type macvlan mode bridge")
	a.ip("link set taken up")
	a.conf("a", 1, "options='--hwaddr a2:00:00:00:00:01'")
	a.conf("b", 0)
	out, err := a.ask("apply", a.file("a"), a.file("b"))
	if err == nil || !containsAll(out, "e9.1 is served as before", "e9.1: removed, now e9.0 by ") {
		t.Errorf("%v: %s", err, out)
	}
	if out := a.must("status"); strings.Count(out, "\ne9.") != 1 || !strings.Contains(out, "e9.0 ") {
		t.Errorf("status prints\n%s", out)
	}
}

// TestAddConfTaken has a conf file ask for the address of another one's export: its own
// export goes on.
func TestAddConfTaken(t *testing.T) {
	a := newApplying(t)
	a.must("add", "--conf", a.file("a"))
	a.must("add", "--conf", a.file("b"))
	a.conf("a", 1)
	if out, err := a.ask("add", "--conf", a.file("a")); err == nil || !strings.Contains(out, "e9.1 is served already, but ") {
		t.Errorf("%v: %s", err, out)
	}
	a.find(aoe.MAC{})
}
