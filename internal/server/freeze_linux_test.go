// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"fmt"
	"os"
	"testing"
	"time"

	"vblade/internal/ata"
	"vblade/internal/server"
)

// TestFreezes has a server be frozen again and again while it writes, by the ring and
// by workers.
func TestFreezes(t *testing.T) {
	for _, rings := range []bool{true, false} {
		t.Run(fmt.Sprintf("rings=%v", rings), func(t *testing.T) {
			const sectors = 512
			path := image(t, sectors)
			e := startOn(t, rings, openDirect(t, path))
			testFreezes(t, e, sectors, func() []byte {
				b, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				return b
			})
		})
	}
}

// testFreezes has writes come, of a sector each, while the server is frozen again and
// again: a write is answered, or has no effect and is counted. How many of them that
// befalls is a matter of chance.
func testFreezes(t *testing.T, e *engine, sectors int, content func() []byte) {
	t.Helper()
	thaw := freezeOften(e.server)
	data := bytes.Repeat([]byte("new "), ata.SectorSize/4)
	for first, n := 0, 1; first < sectors; first += n {
		if first >= sectors/2 {
			n = 16 // the first come alone
		}
		var frames [][]byte
		for i := range n {
			frames = append(frames, transferFrame(uint32(1+first+i), uint64(first+i), 1, data))
		}
		e.link.Deliver(frames...)
		eventually(t, func() bool {
			s := e.server.Stats()
			return s.Exports[0].Writes+s.Links[0].Stale == uint64(first+n)
		}, "not every write is done or dropped")
	}
	thaw()
	e.end()
	dropped, got := uint64(0), content()
	for i := range sectors {
		written := bytes.Equal(got[i*ata.SectorSize:(i+1)*ata.SectorSize], data)
		answered := e.link.Reply(1+uint32(i)) != nil
		if written != answered {
			t.Errorf("write %d is answered: %v, and written: %v", i, answered, written)
		}
		if !answered {
			dropped++
		}
	}
	if n := e.server.Stats().Links[0].Stale; n != dropped {
		t.Errorf("%d of %d writes are dropped, and %d are counted", dropped, sectors, n)
	}
}

// freezeOften has a server be frozen every so often, until thaw is called.
func freezeOften(s *server.Server) (thaw func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(50 * time.Microsecond) // less often than requests come
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				s.Freeze()
			}
		}
	}()
	return func() { close(done); <-ended }
}
