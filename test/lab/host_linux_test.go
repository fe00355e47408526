// SPDX-License-Identifier: GPL-2.0-only

package lab_test

import (
	"errors"
	"net"
	"os"
	"strings"
	"sync"
	"testing"

	"vblade/test/lab"
)

// namespace names the network namespace of the calling thread.
func namespace(t *testing.T) string {
	t.Helper()
	name, err := os.Readlink("/proc/thread-self/ns/net")
	if err != nil {
		t.Error(err)
	}
	return name
}

// TestHostsAreApart checks that a wire is on its own host and nowhere else.
func TestHostsAreApart(t *testing.T) {
	one, other := lab.TestHost(t), lab.TestHost(t)
	if err := one.Wire("labtgt0", "labini0", 9000); err != nil {
		t.Fatal(err)
	}
	look := func() error {
		_, err := net.InterfaceByName("labtgt0")
		return err
	}
	if err := one.Do(look); err != nil {
		t.Errorf("on its host: %v", err)
	}
	if err := other.Do(look); err == nil {
		t.Error("another host has the wire too")
	}
	if err := look(); err == nil {
		t.Error("this machine has the wire too")
	}
}

// TestWire checks that both ends of a wire are up and have the MTU asked for.
func TestWire(t *testing.T) {
	h := lab.TestHost(t)
	if err := h.Wire("tgt0", "ini0", 1400); err != nil {
		t.Fatal(err)
	}
	err := h.Do(func() error {
		for _, name := range []string{"tgt0", "ini0", "lo"} {
			ifi, err := net.InterfaceByName(name)
			if err != nil {
				return err
			}
			if ifi.Flags&net.FlagUp == 0 {
				t.Errorf("%s is not up", name)
			}
			if ifi.MTU != 1400 && name != "lo" {
				t.Errorf("the MTU of %s is %d", name, ifi.MTU)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Wire("tgt0", "ini1", 1400); err == nil {
		t.Error("an interface can be laid twice")
	}
}

// TestWireTo checks that each end of a wire between two hosts is on its own.
func TestWireTo(t *testing.T) {
	one, other := lab.TestHost(t), lab.TestHost(t)
	if err := one.WireTo(other, "tgt0", "ini0", 1500); err != nil {
		t.Fatal(err)
	}
	for name, h := range map[string]*lab.Host{"tgt0": one, "ini0": other} {
		out, err := h.Output("ip", "-o", "link", "show", "up")
		if err != nil || strings.Count(string(out), "\n") != 2 || !strings.Contains(string(out), name) {
			t.Errorf("want lo and %s up: %v\n%s", name, err, out)
		}
	}
}

// TestDoComesHome checks that f runs on the host, and nothing else does.
func TestDoComesHome(t *testing.T) {
	h := lab.TestHost(t)
	home := namespace(t)
	var all sync.WaitGroup
	for range 20 {
		all.Add(1)
		go func() {
			defer all.Done()
			h.Do(func() error {
				if namespace(t) == home {
					t.Error("Do runs f at home")
				}
				return nil
			})
			if namespace(t) != home {
				t.Error("a goroutine is left on the host")
			}
		}()
	}
	all.Wait()
	wrong := errors.New("wrong")
	if err := h.Do(func() error { return wrong }); err != wrong {
		t.Errorf("Do returns %v", err)
	}
}

// TestRun checks what running a program leaves: its output, in errors too.
func TestRun(t *testing.T) {
	h := lab.TestHost(t)
	out, err := h.Output("ip", "-o", "link", "show")
	if err != nil || strings.Count(string(out), "\n") != 1 || !strings.Contains(string(out), "lo:") {
		t.Errorf("an empty host has more than lo: %v\n%s", err, out)
	}
	if err := h.Run("ip", "link", "show", "nothing0"); err == nil || !strings.Contains(err.Error(), "nothing0") || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("a program that fails: %v", err)
	}
	if err := h.Run("no-such-program"); err == nil {
		t.Error("a program that there is not runs")
	}
}
