// SPDX-License-Identifier: GPL-2.0-only

package netio_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/bpf"

	"vblade/internal/netio"
	"vblade/test/peer"
)

// etherType is that of the frames of these tests: one for experiments.
const etherType = 0x88b5

// wire is a wire of a test's own, an epair(4), with a Link at either end.
type wire struct {
	names [2]string
	a, b  *peer.Station
}

// newWire lays a wire and opens both its ends.
func newWire(t *testing.T) *wire {
	t.Helper()
	w := layWire(t)
	w.a = open(t, w.names[0], netio.Config{})
	w.b = open(t, w.names[1], netio.Config{})
	return w
}

// layWire lays a wire that nobody has opened, both ends up, for the length of the
// test, or skips the test where the user may not.
func layWire(t *testing.T) *wire {
	t.Helper()
	out, err := exec.Command("ifconfig", "epair", "create").CombinedOutput()
	if err != nil {
		t.Skipf("missing: an epair(4): ifconfig: %v: %s; run as root", err, out)
	}
	a := strings.TrimSpace(string(out)) // ends in a; the other end in b
	w := &wire{names: [2]string{a, strings.TrimSuffix(a, "a") + "b"}}
	t.Cleanup(func() { exec.Command("ifconfig", w.names[0], "destroy").Run() }) // a test may have done that
	for _, name := range w.names {
		ifconfig(t, name, "up")
	}
	return w
}

// ifconfig runs ifconfig.
func ifconfig(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("ifconfig", args...).CombinedOutput(); err != nil {
		t.Fatalf("ifconfig %v: %v: %s", args, err, out)
	}
}

// open opens a Link for the length of the test, which receives frames of
// etherType.
func open(t *testing.T, name string, cfg netio.Config) *peer.Station {
	t.Helper()
	cfg.EtherType = etherType
	l, err := peer.Open(name, cfg, netio.HostConfig{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("close %s: %v", name, err)
		}
	})
	return l
}

// needRoot skips a test for other users.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("missing: the right to open /dev/bpf; run as root")
	}
}

// become waits until a link's condition is down and its changes are more than
// before, and returns these.
func become(t *testing.T, l *peer.Station, down error, before uint64) uint64 {
	t.Helper()
	for deadline := time.Now().Add(patience); l.Down() != down || l.Changes() == before; {
		if time.Now().After(deadline) {
			t.Fatalf("%s: %v after %d changes; want %v after more than %d", l.Name(), l.Down(), l.Changes(), down, before)
		}
		l.Wait(patience)
		if _, err := l.Receive(buffers(1, 100)); err != nil {
			t.Fatal(err)
		}
	}
	return l.Changes()
}

// only assembles a filter that passes frames whose number modulo 2 is rest.
func only(t *testing.T, rest uint32) []bpf.RawInstruction {
	t.Helper()
	raw, err := bpf.Assemble([]bpf.Instruction{
		bpf.LoadAbsolute{Off: 14, Size: 4},
		bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 1},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: rest, SkipTrue: 1},
		bpf.RetConstant{Val: 0xffffffff},
		bpf.RetConstant{Val: 0},
	})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
