// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/initiator"
	"vblade/internal/macvlan"
	"vblade/test/lab"
	"vblade/test/slowdisk"
)

// ownName is the interface of e9.0 on tgt0, with --hwaddr.
const ownName = "vb9.0-tgt0"

// ownMAC is the address of e9.0 on the link that is number i, with --hwaddr auto.
func ownMAC(i int) aoe.MAC { return macvlan.Address(9, 0, i) }

// own returns the interfaces that vblade has made, a line each; none where there are
// none.
func (s *site) own() string {
	s.t.Helper()
	out, err := s.host.Output("ip", "-o", "link", "show", "group", fmt.Sprint(macvlan.Group))
	if err != nil {
		s.t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// hasOwn checks that the interface of e9.0 is up, and returns what ip says of it.
func (s *site) hasOwn() string {
	s.t.Helper()
	now := s.own()
	if strings.Count(now, "\n") != 1 || !containsAll(now, ownName+"@tgt0", "NOARP,UP,LOWER_UP", "a2:0e:00:09:00:00") {
		s.t.Errorf("the interfaces are\n%s", now)
	}
	return now
}

// hasNone checks that none are left.
func (s *site) hasNone(when string) {
	s.t.Helper()
	if now := s.own(); now != "" {
		s.t.Errorf("%s there are\n%s", when, now)
	}
}

// servesFromOwn checks that e9.0 is served from its own address, and returns it.
func (s *site) servesFromOwn() *initiator.Target {
	s.t.Helper()
	target := s.find(aoe.MAC{})
	if target.MAC != ownMAC(0) {
		s.t.Errorf("e9.0 is at %x, want %x", target.MAC, ownMAC(0))
	}
	return target
}

// TestHWAddr serves from an address of the export's own, beside another export on the
// same link, and with a tagged frame to the address, which is not for it. The
// interface is gone at the end.
func TestHWAddr(t *testing.T) {
	s := newSite(t, 1500)
	other := s.host.StartVblade(t, s.vblade, "9", "1", "tgt0", s.disk("other.img"))
	v := s.host.StartVblade(t, s.vblade, "--hwaddr", "auto", "9", "0", "tgt0", s.image)
	s.hasOwn()
	lab.CheckConfinedWithInterfaces(t, v.Pid())
	target := s.servesFromOwn()
	testReadWrite(t, s, target)

	far := s.far.Station(t, "ini0")
	query := func(tag uint32) aoe.Frame {
		f := ataRequest(far, target.MAC, ata.ReadExt, 1, 0, nil)
		f.SetTag(tag)
		return f
	}
	tagged := append(append(append([]byte{}, query(1)[:12]...), 0x81, 0, 0, 5), query(1)[12:]...)
	for _, f := range [][]byte{tagged, query(2)} {
		if err := far.Send(f); err != nil {
			t.Fatal(err)
		}
	}
	heard, err := lab.Hear(patience, []*lab.Station{far}, func(_ int, b []byte) bool {
		f := aoe.Frame(b)
		if f.Tag() == 1 && f.Src() == target.MAC {
			t.Error("it answers another VLAN's frame")
		}
		return f.Tag() == 2 && f.Src() == target.MAC
	})
	if err != nil || !heard {
		t.Errorf("it does not answer after a tagged frame: %v", err)
	}

	beside, err := s.open("ini0", initiator.Options{}).Find(9, 1)
	if err != nil || beside.MAC == target.MAC {
		t.Errorf("the other export is at %v, %v", beside, err)
	}
	if err := v.Stop(); err != nil {
		t.Error(err)
	}
	s.hasNone("after its end")
	s.logged(other)
}

// TestHWAddrAdopted kills a process that has an interface: the next one takes that, or
// replaces it where it is to have another address. One more is refused, and leaves it.
func TestHWAddrAdopted(t *testing.T) {
	s := newSite(t, 1500)
	args := []string{"--hwaddr", "auto", "9", "0", "tgt0", s.image}
	v := s.host.StartVblade(t, s.vblade, args...)
	left := s.hasOwn()
	v.Kill()
	v = s.host.StartVblade(t, s.vblade, args...)
	if now := s.hasOwn(); now != left {
		t.Errorf("the interface was\n%sand is\n%s", left, now)
	}
	s.servesFromOwn()
	for _, more := range [][]string{args, {"--hwaddr", "a2:00:00:00:00:01", "9", "0", "tgt0", s.image}} {
		if out, err := s.host.Output(s.vblade, more...); err == nil || string(out) != refusal(v) {
			t.Errorf("one more: %v: %s", err, out)
		}
	}
	s.servesFromOwn()
	v.Kill()
	v = s.host.StartVblade(t, s.vblade, "--hwaddr", "a2:00:00:00:00:01", "9", "0", "tgt0", s.image)
	if got, want := s.find(aoe.MAC{}).MAC, [6]byte{0xa2, 5: 1}; got != want {
		t.Errorf("e9.0 is at %x, want %x", got, want)
	}
	if err := v.Stop(); err != nil {
		t.Error(err)
	}
	s.hasNone("after the end")
	s.printed(v)
}

// TestHWAddrRefused starts exports that cannot have their interface, or have it for
// nothing: none is left.
func TestHWAddrRefused(t *testing.T) {
	s := newSite(t, 1500)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"9", "0", "lo", s.image}, "make interface vb9.0-lo: lo carries no address but its own; name an Ethernet interface"},
		{[]string{"9", "0", "tgt0,lo", s.image}, "make interface vb9.0-lo: lo carries no address but its own; name an Ethernet interface"},
		{[]string{"9", "0", "tgt0,nope", s.image}, "interface nope: no such network interface; there are lo, "},
		{[]string{"9", "0", s.image, "tgt0"}, "; tgt0 is an interface: write netif before filename"},
		{[]string{"9", "0", "tgt0", "/nope"}, "open /nope: no such file or directory"},
	} {
		out, err := s.host.Output(s.vblade, append([]string{"--hwaddr", "auto"}, c.args...)...)
		if err == nil || !strings.Contains(string(out), c.want) || strings.Count(string(out), "\n") != 1 {
			t.Errorf("%q: %v: %swant %s", c.args, err, out, c.want)
		}
		s.hasNone(fmt.Sprintf("after %q", c.args))
	}
}

// TestHWAddrParentReturns deletes the interface below and makes it again: the export
// is served from its own address as before.
func TestHWAddrParentReturns(t *testing.T) {
	s := newSite(t, 1500)
	v := s.host.StartVblade(t, s.vblade, "--hwaddr", "auto", "9", "0", "tgt0", s.image)
	s.servesFromOwn()
	s.ip("link del tgt0")
	if err := s.host.Wire("tgt0", "ini0", 9000); err != nil {
		t.Fatal(err)
	}
	target := s.servesFromOwn()
	if target.Sectors != 17 {
		t.Errorf("%d sectors a frame, want 17", target.Sectors)
	}
	testReadWrite(t, s, target)
	if err := v.Stop(); err != nil {
		t.Error(err)
	}
	s.hasNone("after its end")
	if want := "interface vb9.0-tgt0 (a2:0e:00:09:00:00 on tgt0) is made again\n"; !strings.Contains(v.Stderr(), want) {
		t.Errorf("it logged\n%swant %s", v.Stderr(), want)
	}
}

// TestHWAddrOnTwoLinks serves from two addresses, one on each link.
func TestHWAddrOnTwoLinks(t *testing.T) {
	s := newLinks(t, 2, 1500)
	v := s.host.StartVblade(t, s.vblade, "--hwaddr", "auto", "9", "0", twoLinks, s.image)
	for i := range 2 {
		if target := s.findOn(i, aoe.MAC{}); target.MAC != ownMAC(i) {
			t.Errorf("on wire %d it is at %x, want %x", i, target.MAC, ownMAC(i))
		}
	}
	testReadWrite(t, s, s.findOn(1, aoe.MAC{}))
	s.logged(v)
	s.hasNone("after its end")
}

// TestHWAddrOneOnTwoLinks serves from one address on two links: by a process, and by a
// server.
func TestHWAddrOneOnTwoLinks(t *testing.T) {
	s := newLinks(t, 2, 1500)
	args := []string{"--hwaddr", "a2:00:00:00:00:01", "9", "0", twoLinks, s.image}
	check := func() {
		t.Helper()
		for i := range 2 {
			target := s.findOn(i, aoe.MAC{})
			if want := (aoe.MAC{0xa2, 5: 1}); target.MAC != want {
				t.Errorf("on wire %d it is at %x, want %x", i, target.MAC, want)
			}
			testReadWrite(t, s, target)
		}
	}
	v := s.host.StartVblade(t, s.vblade, args...)
	check()
	s.logged(v)
	s.hasNone("after its end")

	server := s.host.StartServer(t, s.vblade)
	for range 2 { // adding it again is no error
		if out, err := server.Add(args...); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	check()
	if err := server.Remove("e9.0"); err != nil {
		t.Error(err)
	}
	s.hasNone("after its removal")
}

// TestHWAddrTwiceInLAN serves from one address on two links of one LAN: the export works,
// and vblade warns.
func TestHWAddrTwiceInLAN(t *testing.T) {
	s := newLANs(t, 1)
	s.plug("tgt1", "br0", 1500)
	v := s.host.StartVblade(t, s.vblade, "--hwaddr", "a2:00:00:00:00:01", "9", "0", twoLinks, s.image)
	testReadWrite(t, s, s.findOn(0, aoe.MAC{}))
	s.awaitLine(v, "two interfaces of this host have one address, a2:00:00:00:00:01, in this LAN, one of them for e9.0")
	v.Signal(syscall.SIGUSR1)
	s.awaitLine(v, "\ne9.0: ")
	if said := v.Stderr(); strings.Contains(said, "rival)") || strings.Contains(said, "serves e9.0 too") {
		t.Errorf("it takes itself for a rival:\n%s", said)
	}
}

// TestHWAddrOfTwoExports gives two exports of a server one address, on two interfaces of
// one LAN: vblade warns.
func TestHWAddrOfTwoExports(t *testing.T) {
	s := newLANs(t, 1)
	s.plug("tgt1", "br0", 1500)
	server := s.host.StartServer(t, s.vblade)
	for slot, netif := range []string{"tgt0", "tgt1"} {
		if out, err := server.Add("--hwaddr", "a2:00:00:00:00:01", "9", fmt.Sprint(slot), netif, s.disk(netif)); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	s.awaitLine(server.Process, "tgt0: two interfaces of this host have one address, a2:00:00:00:00:01, in this LAN, one of them for e9.1, ")
	if said := server.Stderr(); strings.Contains(said, "serves e9.") {
		t.Errorf("it takes itself for a rival:\n%s", said)
	}
}

// TestHWAddrInServer has a server serve from an address of the export's own: vblade
// add makes the interface, which a crash of the server leaves, and vblade remove
// removes it.
func TestHWAddrInServer(t *testing.T) {
	s := newSite(t, 1500)
	server := s.host.StartServer(t, s.vblade)
	add := func(args ...string) (string, error) {
		return server.Add(append(args, "9", "0", "tgt0", s.image)...)
	}
	if _, err := add("--hwaddr", "auto"); err != nil {
		t.Fatal(err)
	}
	lab.CheckConfined(t, server.Pid())
	left := s.hasOwn()
	testReadWrite(t, s, s.servesFromOwn())
	if said := server.Stderr(); strings.Contains(said, "waiting") {
		t.Errorf("it logged\n%s", said)
	}
	for _, args := range [][]string{nil, {"--hwaddr", "a2:00:00:00:00:01"}, {"--hwaddr", "auto", "-r"}} {
		if out, err := add(args...); err == nil {
			t.Errorf("added with %q too: %s", args, out)
		}
	}
	server.Crash(t)
	if now := s.hasOwn(); now != left {
		t.Errorf("the interface was\n%sand is\n%s", left, now)
	}
	s.servesFromOwn()
	if err := server.Replace(t); err != nil {
		t.Error(err)
	}
	s.servesFromOwn()
	s.ip("link del tgt0")
	if err := s.host.Wire("tgt0", "ini0", 1500); err != nil {
		t.Fatal(err)
	}
	if _, err := add("--hwaddr", "auto"); err != nil { // it makes the interface again
		t.Error(err)
	}
	s.servesFromOwn()
	if want := "have vblade add make it"; !strings.Contains(server.Stderr(), want) {
		t.Errorf("it logged\n%swant %s", server.Stderr(), want)
	}
	if err := server.Remove("e9.0"); err != nil {
		t.Error(err)
	}
	s.hasNone("after its end")
	if out, err := add("-o", "99999999", "--hwaddr", "auto"); err == nil {
		t.Errorf("added past the end of the file: %s", out)
	}
	s.hasNone("after what is no export")
}

// TestHWAddrTwice serves one export from its own address on two hosts: the second warns
// of the first, although their addresses are the same, and with --exclusive it is
// refused.
func TestHWAddrTwice(t *testing.T) {
	s := newLinks(t, 2, 1500)
	s.far.StartVblade(t, s.vblade, "--hwaddr", "auto", "9", "0", "ini0", s.image)
	args := []string{"--hwaddr", "auto", "9", "0", twoLinks, s.image}
	out, err := s.host.Output(s.vblade, append([]string{"--exclusive"}, args...)...)
	if want := "e9.0 is served by a2:0e:00:09:00:00 already, as an answer on tgt0 says"; err == nil || !strings.Contains(string(out), want) {
		t.Errorf("a second one: %v: %swant %s", err, out, want)
	}
	s.hasNone("after the refusal")
	v := s.host.StartVblade(t, s.vblade, args...)
	s.awaitLine(v, fmt.Sprintf("tgt0: a2:0e:00:09:00:00 serves e9.0 too (%d sectors)", diskSize/sectorSize))
	v.Signal(syscall.SIGUSR1)
	s.awaitLine(v, "(1 rival)")
}

// TestHWAddrFailStop has the disks of two exports fail that end then: the process takes
// its interface along, and that of a server's export, which sends nothing any more, goes
// with vblade remove.
func TestHWAddrFailStop(t *testing.T) {
	s := newServing(t)
	disk := s.slowDisk()
	export := []string{"--fail-stop", "--hwaddr", "auto", "9", "0", "tgt0", disk.Path()}
	v := s.host.StartVblade(t, s.vblade, export...)
	target := s.impatient(0)
	disk.SetError(slowdisk.Read, unix.EIO)
	s.unanswered(target.ReadAt(make([]byte, 1024), 0))
	v.Wait()
	s.hasNone("after its end")

	disk.SetError(slowdisk.Read, 0)
	s.must("add", export...)
	target = s.impatient(0)
	disk.SetError(slowdisk.Read, unix.EIO)
	s.unanswered(target.ReadAt(make([]byte, 1024), 0))
	s.hasOwn()
	s.must("remove", "e9.0")
	s.hasNone("after the removal")
}
