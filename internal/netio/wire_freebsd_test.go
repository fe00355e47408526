// SPDX-License-Identifier: GPL-2.0-only

package netio_test

import (
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"vblade/internal/netio"
)

// waits are how links may receive, and a host wait: there is one way.
var waits = map[string]struct {
	link netio.Config
	host netio.HostConfig
}{"by bpf": {}}

// bothWays are how frames are received.
var bothWays = map[string]netio.Config{"by bpf": {}}

// place is where a test lays its wires: this host.
type place struct{}

// newPlace returns it.
func newPlace(*testing.T) *place { return &place{} }

// Do runs f.
func (*place) Do(f func() error) error { return f() }

// lay lays a wire, an epair(4), and returns its ends, both up; or skips the test
// where the user may not.
func (*place) lay(t *testing.T) [2]string {
	t.Helper()
	out, err := exec.Command("ifconfig", "epair", "create").CombinedOutput()
	if err != nil {
		t.Skipf("missing: an epair(4): ifconfig: %v: %s; run as root", err, out)
	}
	a := strings.TrimSpace(string(out)) // ends in a; the other end in b
	names := [2]string{a, strings.TrimSuffix(a, "a") + "b"}
	t.Cleanup(func() { exec.Command("ifconfig", a, "destroy").Run() }) // a test may have done that
	for _, name := range names {
		ifconfig(t, name, "up")
	}
	return names
}

// ifconfig runs ifconfig.
func ifconfig(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("ifconfig", args...).CombinedOutput(); err != nil {
		t.Fatalf("ifconfig %v: %v: %s", args, err, out)
	}
}

// setUp takes an end of the wire up or down.
func (w *wire) setUp(t *testing.T, end int, up bool) {
	t.Helper()
	ifconfig(t, w.names[end], map[bool]string{true: "up", false: "down"}[up])
}

// setMTU changes the MTU of an end.
func (w *wire) setMTU(t *testing.T, end, mtu int) {
	t.Helper()
	ifconfig(t, w.names[end], "mtu", strconv.Itoa(mtu))
}

// setMAC changes the address of an end.
func (w *wire) setMAC(t *testing.T, end int, mac [6]byte) {
	t.Helper()
	ifconfig(t, w.names[end], "ether", net.HardwareAddr(mac[:]).String())
}

// remove removes the wire.
func (w *wire) remove(t *testing.T) {
	t.Helper()
	ifconfig(t, w.names[0], "destroy")
}

// remake lays a wire with the names of the one that was removed.
func (w *wire) remake(t *testing.T) {
	t.Helper()
	ifconfig(t, strings.TrimSuffix(w.names[0], "a"), "create")
	for _, name := range w.names {
		ifconfig(t, name, "up")
	}
}

// usable returns the part of an MTU that frames can be sent by.
func usable(mtu int) int { return min(mtu, min(os.Getpagesize(), 8192)-14) }

// needRoot skips a test for other users.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("missing: the right to open /dev/bpf; run as root")
	}
}
