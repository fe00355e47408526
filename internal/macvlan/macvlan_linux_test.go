// SPDX-License-Identifier: GPL-2.0-only

package macvlan

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vblade/test/lab"
)

// own is the interface that the tests make.
var own = Interface{Name: Name(9, 0, "p0"), Parent: "p0", MAC: Address(9, 0, 0)}

// bench is a host with an interface p0, and a connection to look at it.
type bench struct {
	*lab.Host
	t *testing.T
	conn
}

// newBench makes a bench of which routers of IPv6 would be: the interfaces join groups.
func newBench(t *testing.T) *bench {
	b := &bench{Host: lab.TestHost(t), t: t}
	b.run("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1", "net.ipv6.conf.default.forwarding=1")
	if err := b.Wire("p0", "far0", 1500); err != nil {
		t.Fatal(err)
	}
	err := b.Do(func() (err error) {
		b.conn, err = dial(0)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.conn.Close() })
	return b
}

// run runs a program on the bench's host.
func (b *bench) run(program string, args ...string) {
	b.t.Helper()
	if err := b.Run(program, args...); err != nil {
		b.t.Fatal(err)
	}
}

// makes makes an interface, or not, and checks what Make says.
func (b *bench) makes(i Interface, replace, want bool, wantErr string) {
	b.t.Helper()
	var made bool
	err := b.Do(func() (err error) {
		made, err = i.Make(replace)
		return err
	})
	if made != want || wantErr == "" && err != nil || wantErr != "" && (err == nil || !strings.Contains(err.Error(), wantErr)) {
		b.t.Fatalf("Make(%v) of %v: %v, %v; want %v and error %q", replace, i, made, err, want, wantErr)
	}
}

// state returns the state of an interface that is there.
func (b *bench) state(name string) state {
	b.t.Helper()
	s, found, err := b.look(name)
	if err != nil || !found {
		b.t.Fatalf("interface %s: found %v, %v", name, found, err)
	}
	return s
}

// do does something on the bench's host.
func (b *bench) do(f func() error) {
	b.t.Helper()
	if err := b.Do(f); err != nil {
		b.t.Fatal(err)
	}
}

// TestMake makes an interface, adopts it, and removes it.
func TestMake(t *testing.T) {
	b := newBench(t)
	b.makes(own, false, true, "")
	s, parent := b.state(own.Name), b.state("p0")
	if s.kind != kind || s.group != Group || s.mac != own.MAC || s.lower != parent.index || s.mtu != parent.mtu {
		t.Errorf("made %+v on %+v", s, parent)
	}
	if s.flags&(unix.IFF_UP|unix.IFF_MULTICAST) != 0 || s.flags&unix.IFF_NOARP == 0 {
		t.Errorf("its flags are %#x", s.flags)
	}
	b.do(own.Up)
	events := b.hear()
	b.makes(own, true, false, "")
	b.run("ip", "link", "set", "far0", "alias", "last")
	heard, err := events.Receive()
	if err != nil || len(heard) == 0 {
		t.Fatal(err)
	}
	if what, err := parse(heard[0].Data); err != nil || what.index == s.index {
		t.Errorf("adopting what is as it should be has changed it: %+v, %v", what, err)
	}
	if now := b.state(own.Name); now.index != s.index || now.flags&unix.IFF_UP == 0 {
		t.Errorf("adopted %+v, which was %+v and up", now, s)
	}
	b.do(own.Remove)
	if _, found, err := b.look(own.Name); found || err != nil {
		t.Errorf("removed: found %v, %v", found, err)
	}
	b.do(own.Remove)
}

// TestQuiet checks that an interface that is up has no address and is in no group
// that a host reports.
func TestQuiet(t *testing.T) {
	b := newBench(t)
	b.makes(own, false, true, "")
	b.do(own.Up)
	out, err := b.Output("ip", "addr", "show", "dev", own.Name)
	if err != nil || strings.Contains(string(out), "inet") {
		t.Errorf("it has addresses: %v\n%s", err, out)
	}
	groups, err := b.Output("cat", "/proc/thread-self/net/igmp6")
	if err != nil || !strings.Contains(string(groups), "p0") {
		t.Fatalf("no groups of p0: %v\n%s", err, groups)
	}
	for _, line := range strings.Split(string(groups), "\n") {
		f := strings.Fields(line)
		// All nodes, of the link and of the interface, are not reported (RFC 3810).
		if len(f) > 2 && f[1] == own.Name && f[2] != "ff020000000000000000000000000001" && f[2] != "ff010000000000000000000000000001" {
			t.Errorf("it reports a group: %s", line)
		}
	}
}

// TestReplace meets interfaces that have the name and are something else.
func TestReplace(t *testing.T) {
	b := newBench(t)
	b.makes(own, false, true, "")
	other := own
	other.MAC = Address(9, 0, 1)
	b.makes(other, false, false, "vb9.0-p0 has the address a2:0e:00:09:00:00, not a2:0e:00:09:00:01")
	b.makes(other, true, true, "")
	if s := b.state(own.Name); s.mac != other.MAC {
		t.Errorf("its address is %x", s.mac)
	}
	elsewhere := other
	elsewhere.Parent = "far0"
	b.makes(elsewhere, true, false, "vb9.0-p0 is not on far0; if nobody uses it: ip link delete vb9.0-p0")

	b.run("ip", "link", "set", own.Name, "group", "default")
	foreign := "there is an interface vb9.0-p0 that vblade has not made; rename it"
	b.makes(own, true, false, foreign)
	if err := b.Do(own.Remove); err == nil || err.Error() != foreign {
		t.Errorf("removing what is another's: %v", err)
	}
	b.state(own.Name)
}

// TestReaddress gives an interface that is up another address, and one that is taken.
func TestReaddress(t *testing.T) {
	b := newBench(t)
	b.makes(own, false, true, "")
	other := Interface{Name: Name(9, 1, "p0"), Parent: "p0", MAC: Address(9, 1, 0)}
	b.makes(other, false, true, "")
	for _, c := range []struct {
		mac  [6]byte
		want string
	}{{Address(9, 2, 0), ""}, {own.MAC, ""}, {other.MAC, "another one on p0 has the address a2:0e:00:09:01:00"}} {
		err := b.Do(func() error {
			for _, i := range []Interface{own, other} {
				if err := i.Up(); err != nil {
					return err
				}
			}
			return own.Readdress(c.mac)
		})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%x: %v, want %q", c.mac, err, c.want)
		}
		if now, _, err := b.look(own.Name); err != nil || (now.mac == c.mac) != (c.want == "") {
			t.Errorf("it has the address %x, %v", now.mac, err)
		}
	}
	none := Interface{Name: "vb9.3-p0", Parent: "p0"}
	if err := b.Do(func() error { return none.Readdress(own.MAC) }); err == nil {
		t.Error("it readdresses what is not there")
	}
}

// TestRefused makes interfaces that cannot be.
func TestRefused(t *testing.T) {
	b := newBench(t)
	b.makes(own, false, true, "")
	b.do(own.Up)
	twin := Interface{Name: Name(9, 1, "p0"), Parent: "p0", MAC: own.MAC}
	same := "another one on p0 has the address a2:0e:00:09:00:00; give another, or remove that one"
	var made bool
	err := b.Do(func() (err error) {
		if made, err = twin.Make(true); err == nil {
			err = twin.Up()
		}
		return err
	})
	if err == nil || !strings.Contains(err.Error(), same) {
		t.Errorf("two of one address: %v, %v", made, err)
	}
	on := func(parent string) Interface {
		return Interface{Name: Name(9, 2, parent), Parent: parent, MAC: Address(9, 2, 0)}
	}
	b.makes(on("lo"), true, false, "lo carries no address but its own; name an Ethernet interface")
	b.makes(on("nope"), true, false, "interface nope: no such network interface")
	b.run("ip", "link", "add", "br0", "type", "bridge")
	b.run("ip", "link", "set", "far0", "master", "br0")
	b.makes(on("far0"), true, false, "far0 is part of a bridge or bond; name that instead")
	b.makes(on("br0"), true, true, "")
}

// logged passes on what a Keeper logs.
type logged chan string

func (l logged) Infof(format string, a ...any) { l <- fmt.Sprintf(format, a...) }
func (l logged) Warnf(format string, a ...any) { l <- fmt.Sprintf(format, a...) }

// TestKeep has a Keeper follow an MTU that rises, and make an interface again whose
// parent is deleted and made again.
func TestKeep(t *testing.T) {
	b := newBench(t)
	b.makes(own, false, true, "")
	b.do(own.Up)
	log := make(logged, 16)
	var k *Keeper
	b.do(func() (err error) {
		k, err = NewKeeper([]Interface{own}, log)
		return err
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		k.Run(ctx)
	}()
	for _, mtu := range []uint32{1400, 9000} {
		b.run("ip", "link", "set", "p0", "mtu", fmt.Sprint(mtu))
		b.await(fmt.Sprint("its MTU is ", mtu), func(s state) bool { return s.mtu == mtu })
	}
	b.run("ip", "link", "del", "p0")
	if err := b.Wire("p0", "far0", 1500); err != nil {
		t.Fatal(err)
	}
	b.await("it is made again, and up", func(s state) bool { return s.mac == own.MAC && s.flags&unix.IFF_UP != 0 })
	want := "interface vb9.0-p0 (a2:0e:00:09:00:00 on p0) is made again"
	select {
	case got := <-log:
		if got != want {
			t.Errorf("logged %q, want %q", got, want)
		}
	case <-time.After(10 * time.Second):
		t.Errorf("nothing logged; want %q", want)
	}
	cancel()
	<-ended
}

// hear returns a connection that hears of changes, for 10 seconds at the most.
func (b *bench) hear() (events conn) {
	b.t.Helper()
	b.do(func() (err error) {
		events, err = dial(unix.RTMGRP_LINK)
		return err
	})
	b.t.Cleanup(func() { events.Close() })
	events.SetReadDeadline(time.Now().Add(10 * time.Second))
	return events
}

// await waits until the interface is there and as is says.
func (b *bench) await(what string, is func(state) bool) {
	b.t.Helper()
	events := b.hear()
	for {
		s, found, err := b.look(own.Name)
		if err != nil {
			b.t.Fatal(err)
		}
		if found && is(s) {
			return
		}
		if _, err := events.Receive(); err != nil {
			b.t.Fatalf("%s: not so in time; it is %+v, found %v: %v", what, s, found, err)
		}
	}
}
