// SPDX-License-Identifier: GPL-2.0-only

//go:build linux || freebsd

package netio_test

import (
	"testing"

	"golang.org/x/net/bpf"

	"vblade/internal/netio"
	"vblade/test/peer"
)

// etherType is that of the frames of these tests: one for experiments; otherType
// is another.
const (
	etherType = 0x88b5
	otherType = 0x88b6
)

// wire is a wire of a test's own, with a link at either end.
type wire struct {
	host  *place
	names [2]string // of the ends
	a, b  *peer.Station
}

// layWire lays a wire that nobody has opened.
func layWire(t *testing.T) *wire {
	t.Helper()
	p := newPlace(t)
	return &wire{host: p, names: p.lay(t)}
}

// newWire lays a wire and opens both its ends, a by cfg and on a host of its own.
func newWire(t *testing.T, cfg netio.Config, host ...netio.HostConfig) *wire {
	t.Helper()
	w := layWire(t)
	w.a = w.open(t, 0, cfg, host...)
	w.b = w.open(t, 1, netio.Config{})
	return w
}

// open opens a link on an end of the wire for the length of the test, which
// receives frames of etherType.
func (w *wire) open(t *testing.T, end int, cfg netio.Config, host ...netio.HostConfig) *peer.Station {
	t.Helper()
	return open(t, w.host, w.names[end], cfg, host...)
}

// open opens a link on an interface of a place for the length of the test.
func open(t *testing.T, p *place, name string, cfg netio.Config, host ...netio.HostConfig) *peer.Station {
	t.Helper()
	if cfg.ReceiveBuffer == 0 {
		cfg.ReceiveBuffer = 4 << 20
	}
	l, err := tryOpen(p, name, cfg, host...)
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

// tryOpen opens a link on an interface of a place.
func tryOpen(p *place, name string, cfg netio.Config, host ...netio.HostConfig) (l *peer.Station, err error) {
	cfg.EtherType = etherType
	failed := p.Do(func() error {
		l, err = peer.Open(name, cfg, append(host, netio.HostConfig{})[0])
		return nil
	})
	if failed != nil {
		return nil, failed
	}
	return l, err
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
