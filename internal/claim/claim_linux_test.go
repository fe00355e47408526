// SPDX-License-Identifier: GPL-2.0-only

package claim_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"syscall"
	"testing"

	"vblade/internal/claim"
	"vblade/test/lab"
)

// take is claim.Take inside a host, for the time of the test.
func take(t *testing.T, h *lab.Host, export, netif string) (c *claim.Claim, err error) {
	t.Helper()
	err = h.Do(func() (err error) {
		c, err = claim.Take(export, netif)
		return err
	})
	if err == nil {
		t.Cleanup(c.Release)
	}
	return c, err
}

// ask is claim.Ask inside a host.
func ask(h *lab.Host, export, netif string) error {
	return h.Do(func() error { return claim.Ask(export, netif) })
}

// TestTake claims an address on an interface: it is refused to others until it is
// released, and nothing else is.
func TestTake(t *testing.T) {
	host, other := lab.TestHost(t), lab.TestHost(t)
	first, err := take(t, host, "e9.0", "eth0")
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("pid %d serves e9.0 on eth0 already; end it first, or give another shelf or slot", os.Getpid())
	for range 3 {
		_, err := take(t, host, "e9.0", "eth0")
		var held *claim.HeldError
		if !errors.As(err, &held) || held.PID != os.Getpid() || err.Error() != want {
			t.Errorf("taken twice: %v; want %s", err, want)
		}
		if err := ask(host, "e9.0", "eth0"); err == nil || err.Error() != want {
			t.Errorf("asked for: %v; want %s", err, want)
		}
	}
	for _, c := range []struct {
		host          *lab.Host
		export, netif string
	}{{host, "e9.0", "eth1"}, {host, "e9.1", "eth0"}, {other, "e9.0", "eth0"}} {
		if err := ask(c.host, c.export, c.netif); err != nil {
			t.Error(err)
		}
		if _, err := take(t, c.host, c.export, c.netif); err != nil {
			t.Error(err)
		}
	}
	first.Release()
	if err := ask(host, "e9.0", "eth0"); err != nil {
		t.Errorf("released: %v", err)
	}
	if _, err := take(t, host, "e9.0", "eth0"); err != nil {
		t.Errorf("released: %v", err)
	}
}

// listen binds the name of a claim inside a host, as a user, and never accepts.
func listen(t *testing.T, h *lab.Host, uid int) *net.UnixListener {
	t.Helper()
	var l *net.UnixListener
	err := h.Do(func() (err error) {
		if err := setUser(uid); err != nil {
			return err
		}
		l, err = net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: "@vblade/e9.0/eth0"})
		return errors.Join(err, setUser(0))
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// setUser changes the effective user of this thread alone, where that is not
// root's already.
func setUser(uid int) error {
	if os.Getuid() != 0 {
		return nil
	}
	const same = ^uintptr(0)
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, same, uintptr(uid), same); errno != 0 {
		return errno
	}
	return nil
}

// TestDoubts has the name of a claim be bound by whom nobody can believe: a
// process that does not accept, and another user's.
func TestDoubts(t *testing.T) {
	host := lab.TestHost(t)
	doubt := func(want string) {
		t.Helper()
		_, err := take(t, host, "e9.0", "eth0")
		if errors.As(err, new(*claim.HeldError)) || err == nil || err.Error() != want {
			t.Errorf("%v; want %s", err, want)
		}
	}
	silent := listen(t, host, 0)
	doubt(fmt.Sprintf("pid %d, which served e9.0 on eth0, does not answer and has not ended", os.Getpid()))
	silent.Close()
	if os.Getuid() != 0 {
		lab.Skip(t, "another user", "run as root")
	}
	foreign := listen(t, host, 65534)
	go func() {
		for {
			conn, err := foreign.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	}()
	doubt(fmt.Sprintf("pid %d of uid 65534 seems to serve e9.0 on eth0 too; if it does, end one of them", os.Getpid()))
}

// TestAnswers asks many times more often than names may be asked for at once: each
// time it is answered.
func TestAnswers(t *testing.T) {
	host := lab.TestHost(t)
	before := runtime.NumGoroutine()
	c, err := take(t, host, "e9.0", "eth0")
	if err != nil {
		t.Fatal(err)
	}
	for range 200 {
		if err := ask(host, "e9.0", "eth0"); !errors.As(err, new(*claim.HeldError)) {
			t.Fatal(err)
		}
	}
	c.Release()
	for runtime.NumGoroutine() > before {
		runtime.Gosched() // until the last one has seen the end
	}
}
