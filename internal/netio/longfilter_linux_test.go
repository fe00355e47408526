// SPDX-License-Identifier: GPL-2.0-only

package netio_test

import (
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sys/unix"

	"vblade/internal/aoe"
	"vblade/internal/netio"
	"vblade/test/lab"
	"vblade/test/peer"
)

// scattered returns targets whose addresses have nothing in common.
func scattered(n int) []aoe.Target {
	targets := make([]aoe.Target, n)
	for i := range targets {
		targets[i] = aoe.Target{Shelf: uint16(i * 61), Slot: uint8(i * 37 % 255)}
	}
	return targets
}

// openAoE opens a link on an end of the wire that receives no AoE frame yet.
func (w *wire) openAoE(t *testing.T, end int) (l *peer.Station) {
	t.Helper()
	err := w.host.Do(func() (err error) {
		cfg := netio.Config{EtherType: uint16(aoe.EtherType), Filter: aoe.ServerFilter(nil, nil), ReceiveBuffer: 1 << 20}
		l, err = peer.Open(w.names[end], cfg, netio.HostConfig{})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// request is a request to a target.
func request(shelf uint16, slot uint8, tag int) aoe.Frame {
	f := make(aoe.Frame, 60)
	f.SetHeader(aoe.Version, 0, aoe.CommandConfig)
	f.SetDst(aoe.Broadcast)
	f.SetSrc(aoe.MAC{2, 0, 0, 0, 0, 9})
	f.SetTarget(shelf, slot)
	f.SetTag(uint32(tag))
	return f
}

// TestServerFilters replaces the filters of a server of very many targets, with
// as much room for them as the system has and with less: one that is refused
// leaves the old one in place, and a shorter one is taken.
func TestServerFilters(t *testing.T) {
	for _, room := range []int{0, 65536, 20480, 4096} {
		t.Run(fmt.Sprintf("optmem_max=%d", room), func(t *testing.T) {
			w := layWire(t)
			w.a, w.b = w.openAoE(t, 0), w.openAoE(t, 1)
			if room > 0 {
				limitRoom(t, w, room)
			}
			refused := 0
			for n := 1; n <= 1000; n += 333 {
				refused += setServerFilter(t, w, scattered(n))
				f := scattered(n)[n-1]
				send(t, w.b, request(60001, f.Slot, 1), request(f.Shelf, f.Slot, 2))
				if got := aoe.Frame(receive(t, w.a, 1, 100)[0]); got.Tag() != 2 && !(refused > 0 && got.Tag() == 1) {
					t.Errorf("of %d targets: frame %d has passed", n, got.Tag())
				}
			}
			t.Logf("%d programs were refused", refused)
			if room > 0 && room < 8192 && refused == 0 {
				t.Error("no program was refused: nothing is tested here")
			}
		})
	}
}

// setServerFilter sets the filter of targets, or a shorter one, and returns how
// many were refused before it.
func setServerFilter(t *testing.T, w *wire, targets []aoe.Target) (refused int) {
	t.Helper()
	program := aoe.ServerFilter(nil, targets)
	for {
		err := w.a.SetFilter(program)
		if err == nil {
			return refused
		}
		if !errors.Is(err, unix.ENOMEM) || len(program) < 6 {
			t.Fatalf("%d instructions: %v", len(program), err)
		}
		refused++
		program = aoe.ServerFilterWithin(nil, targets, len(program)*3/4)
	}
}

// limitRoom has the kernel hold so many bytes for the options of a socket.
func limitRoom(t *testing.T, w *wire, bytes int) {
	t.Helper()
	err := w.host.Run("sh", "-c", fmt.Sprintf("echo %d >/proc/sys/net/core/optmem_max", bytes))
	if err != nil {
		lab.Skip(t, "net.core.optmem_max of a network namespace", "run as root on Linux 6.7 or newer")
	}
}
