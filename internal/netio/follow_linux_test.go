// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"vblade/test/lab"
)

// station is where the links of a test are: a host of the test's, or inside one.
type station interface {
	Do(func() error) error
	Run(name string, args ...string) error
	Wire(a, b string, mtu int) error
}

// inside is the host in which this whole process was started.
type inside struct{}

// insideVariable is in the environment of such a process.
const insideVariable = "VBLADE_TEST_INSIDE"

// Do runs f.
func (inside) Do(f func() error) error { return f() }

// Run runs a program to its end.
func (inside) Run(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %v: %w: %s", name, args, err, out)
	}
	return nil
}

// Wire lays a wire.
func (h inside) Wire(a, b string, mtu int) error {
	m := fmt.Sprint(mtu)
	for _, args := range []string{"add " + a + " mtu " + m + " type veth peer name " + b + " mtu " + m, "set " + a + " up", "set " + b + " up"} {
		if err := h.Run("ip", strings.Fields("link "+args)...); err != nil {
			return err
		}
	}
	return nil
}

// runInside runs a test again in a process of its own that is inside a host.
func runInside(t *testing.T) {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), insideVariable+"=1")
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := lab.TestHost(t).Start(cmd); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || !strings.Contains(out.String(), "--- PASS: "+t.Name()) {
		t.Errorf("inside a host: %v\n%s", err, &out)
	}
}

// TestXDPSenderMadeAnew deletes the interface and makes it anew: the link gets
// another sender, and the buffers that the old one had are spare. It does so in a
// process that lives in the interface's namespace; elsewhere the link has no
// business with whatever has the same index.
func TestXDPSenderMadeAnew(t *testing.T) {
	x := newXDPTest(t)
	old := x.sender()
	own := x.from.Buffers()
	_, here := x.host.(inside)
	for round := range 3 {
		x.from.sendMu.Lock()
		x.from.setBypass(false) // as where the interface took no more
		x.from.sendMu.Unlock()
		x.strand(own)
		x.ip("link", "del", "tgt0")
		x.await(func() bool { return x.from.Down() == ErrGone && x.to.Down() == ErrGone })
		if err := x.host.Wire("tgt0", "ini0", 1500); err != nil {
			t.Fatal(err)
		}
		x.awaitUp()
		x.from.sendMu.Lock()
		switch fast := x.from.fast; {
		case !here && fast != nil:
			t.Error("an AF_XDP socket of another namespace")
		case here && (fast == nil || fast == old):
			t.Error("the sender is none, or that of the interface that is gone")
		default:
			old = fast
		}
		if !x.from.bypass {
			t.Error("frames pass by the queueing discipline")
		}
		x.from.sendMu.Unlock()
		x.checkBuffers(own)
		want := [][]byte{x.frame(round, 60), x.frame(round+10, 1514), x.frame(round+20, 600)}
		if n, err := x.from.Send(want); n != 3 || err != nil {
			t.Fatalf("sent %d of 3: %v", n, err)
		}
		x.expect(want)
	}
	if !here {
		runInside(t)
	}
}

// TestXDPSenderMTU lowers the MTU below what a buffer holds: longer frames are
// dropped, those around them are not.
func TestXDPSenderMTU(t *testing.T) {
	x := newXDPTest(t)
	x.sender()
	for _, mtu := range []int{1000, 1500, 700} {
		seen := x.from.Changes()
		x.ip("link", "set", "tgt0", "mtu", fmt.Sprint(mtu))
		x.await(func() bool { return x.from.Changes() > seen })
		want := [][]byte{x.frame(1, 60), x.frame(2, mtu+headerLen), x.frame(3, 60)}
		out := [][]byte{want[0], x.frame(4, mtu+headerLen+1), want[1], x.frame(5, 2000), want[2]}
		if n, err := x.from.Send(out); n != 3 || err != nil {
			t.Errorf("sent %d, %v at MTU %d; want 3", n, err, mtu)
		}
		x.expect(want)
	}
}

// TestLostMessages keeps the watcher from its work while more happens to others
// than the kernel keeps messages of, and then to its own interface: it finds out.
func TestLostMessages(t *testing.T) {
	x := newXDPTest(t)
	if err := x.host.Wire("else0", "else1", 1500); err != nil {
		t.Fatal(err)
	}
	storm := []string{"link set tgt0 mtu 1300"}
	for i := range 1000 {
		storm = append(storm, fmt.Sprintf("link set else0 mtu %d", 1400+i))
	}
	script := t.TempDir() + "/storm"
	if err := os.WriteFile(script, []byte(strings.Join(append(storm, "link del tgt0\n"), "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	x.from.binding.Lock() // the watcher waits for it to take in the first change
	x.ip("-batch", script)
	if err := x.host.Wire("tgt0", "ini0", 1234); err != nil {
		t.Fatal(err)
	}
	if !x.lostMessages() {
		t.Error("the kernel has kept all messages: the test shows nothing")
	}
	x.from.binding.Unlock()
	mac := x.address()
	x.await(func() bool { return x.from.Down() == nil && x.from.MAC() == mac && x.from.MTU() == 1234 })
	x.awaitUp()
	want := [][]byte{x.frame(1, 60)}
	if n, err := x.from.Send(want); n != 1 || err != nil {
		t.Fatalf("sent %d of 1: %v", n, err)
	}
	x.expect(want)
}

// lostMessages reports whether a netlink socket of the host has lost messages.
func (x *xdpTest) lostMessages() bool {
	x.t.Helper()
	var table []byte
	err := x.host.Do(func() (err error) {
		table, err = os.ReadFile("/proc/thread-self/net/netlink")
		return err
	})
	if err != nil {
		x.t.Fatal(err)
	}
	for _, line := range strings.Split(string(table), "\n")[1:] {
		if f := strings.Fields(line); len(f) > 8 && f[8] != "0" { // the column Drops
			return true
		}
	}
	return false
}

// address returns the address of the sending interface.
func (x *xdpTest) address() (mac [6]byte) {
	x.t.Helper()
	err := x.host.Do(func() (err error) {
		mac, err = Address("tgt0")
		return err
	})
	if err != nil {
		x.t.Fatal(err)
	}
	return mac
}
