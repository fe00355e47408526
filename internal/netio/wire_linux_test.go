// SPDX-License-Identifier: GPL-2.0-only

package netio_test

import (
	"fmt"
	"net"
	"strconv"
	"testing"
	"time"

	"vblade/internal/netio"
	"vblade/test/lab"
)

// waits are how links may receive, and a host wait.
var waits = map[string]struct {
	link netio.Config
	host netio.HostConfig
}{
	"sleeping":             {byMessages, netio.HostConfig{}},
	"lingering":            {byMessages, netio.HostConfig{Linger: time.Millisecond}},
	"awake":                {byMessages, netio.HostConfig{Linger: time.Millisecond, Spin: time.Millisecond}},
	"by rings, sleeping":   {byRing, netio.HostConfig{}},
	"by rings, lingering":  {byRing, netio.HostConfig{Linger: time.Millisecond}},
	"by rings, awake":      {byRing, netio.HostConfig{Linger: time.Millisecond, Spin: time.Millisecond}},
	"by rings, long awake": {byRing, netio.HostConfig{Linger: patience, Spin: patience}},
}

// How frames are received.
var (
	byMessages = netio.Config{ReceiveBuffer: 1 << 20}
	byRing     = netio.Config{ReceiveBuffer: 1 << 20, Fast: true}
	bothWays   = map[string]netio.Config{"by recvmmsg": byMessages, "by a ring": byRing}
)

// place is where a test lays its wires.
type place struct {
	*lab.Host
	wires int
}

// newPlace returns a place of the test's own.
func newPlace(t *testing.T) *place { return &place{Host: lab.TestHost(t)} }

// lay lays a wire of MTU 1500 and returns its ends, both up.
func (p *place) lay(t *testing.T) [2]string {
	t.Helper()
	names := [2]string{fmt.Sprint("tgt", p.wires), fmt.Sprint("ini", p.wires)}
	p.wires++
	if err := p.Wire(names[0], names[1], 1500); err != nil {
		t.Fatal(err)
	}
	return names
}

// run runs ip on the wire's host.
func (w *wire) run(t *testing.T, args ...string) {
	t.Helper()
	if err := w.host.Run("ip", args...); err != nil {
		t.Fatal(err)
	}
}

// setUp takes an end of the wire up or down.
func (w *wire) setUp(t *testing.T, end int, up bool) {
	t.Helper()
	w.run(t, "link", "set", w.names[end], map[bool]string{true: "up", false: "down"}[up])
}

// setMTU changes the MTU of an end.
func (w *wire) setMTU(t *testing.T, end, mtu int) {
	t.Helper()
	w.run(t, "link", "set", w.names[end], "mtu", strconv.Itoa(mtu))
}

// setMAC changes the address of an end.
func (w *wire) setMAC(t *testing.T, end int, mac [6]byte) {
	t.Helper()
	w.run(t, "link", "set", w.names[end], "address", net.HardwareAddr(mac[:]).String())
}

// remove removes the wire.
func (w *wire) remove(t *testing.T) {
	t.Helper()
	w.run(t, "link", "del", w.names[0])
}

// remake lays a wire with the names of the one that was removed.
func (w *wire) remake(t *testing.T) {
	t.Helper()
	if err := w.host.Wire(w.names[0], w.names[1], 1500); err != nil {
		t.Fatal(err)
	}
}

// usable returns the part of an MTU that frames can be sent by: all of it.
func usable(mtu int) int { return mtu }
