// SPDX-License-Identifier: GPL-2.0-only

package netio_test

import (
	"testing"

	"golang.org/x/net/bpf"

	"vblade/internal/netio"
	"vblade/test/lab"
	"vblade/test/peer"
)

// etherType is that of the frames of these tests.
const etherType = 0x88a2

// wire is a wire of a test's own, with a Link at either end.
type wire struct {
	host *lab.Host
	a, b *peer.Station // on tgt0 and ini0
}

// newWire lays a wire of MTU 1500 and opens both its ends, a by cfg and on a host of its own.
func newWire(t *testing.T, cfg netio.Config, host ...netio.HostConfig) *wire {
	t.Helper()
	w := layWire(t)
	cfg.EtherType = etherType
	if cfg.ReceiveBuffer == 0 {
		cfg.ReceiveBuffer = 4 << 20
	}
	w.a = open(t, w.host, "tgt0", cfg, host...)
	w.b = open(t, w.host, "ini0", netio.Config{EtherType: etherType, ReceiveBuffer: 4 << 20})
	return w
}

// layWire lays a wire that nobody has opened.
func layWire(t *testing.T) *wire {
	t.Helper()
	h := lab.TestHost(t)
	if err := h.Wire("tgt0", "ini0", 1500); err != nil {
		t.Fatal(err)
	}
	return &wire{host: h}
}

// open opens a Link on a host for the length of the test.
func open(t *testing.T, h *lab.Host, name string, cfg netio.Config, host ...netio.HostConfig) *peer.Station {
	t.Helper()
	l, err := tryOpen(h, name, cfg, host...)
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

// tryOpen opens a Link on a host.
func tryOpen(h *lab.Host, name string, cfg netio.Config, host ...netio.HostConfig) (l *peer.Station, err error) {
	failed := h.Do(func() error {
		l, err = peer.Open(name, cfg, append(host, netio.HostConfig{})[0])
		return nil
	})
	if failed != nil {
		return nil, failed
	}
	return l, err
}

// run runs ip on the wire's host.
func (w *wire) run(t *testing.T, args ...string) {
	t.Helper()
	if err := w.host.Run("ip", args...); err != nil {
		t.Fatal(err)
	}
}

// only assembles a filter that passes frames whose number is even.
func only(t *testing.T) []bpf.RawInstruction {
	t.Helper()
	return assemble(t,
		bpf.LoadAbsolute{Off: 14, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: 1, SkipTrue: 1},
		bpf.RetConstant{Val: 0xffffffff},
		bpf.RetConstant{Val: 0},
	)
}

// passing assembles a filter that passes frames of one number.
func passing(t *testing.T, n int) []bpf.RawInstruction {
	t.Helper()
	return assemble(t,
		bpf.LoadAbsolute{Off: 14, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(n), SkipTrue: 1},
		bpf.RetConstant{Val: 0xffffffff},
		bpf.RetConstant{Val: 0},
	)
}

// assemble assembles a filter.
func assemble(t *testing.T, program ...bpf.Instruction) []bpf.RawInstruction {
	t.Helper()
	raw, err := bpf.Assemble(program)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
