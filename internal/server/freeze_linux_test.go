// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"vblade/internal/ata"
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
// again: a write is answered, or has no effect and is counted.
func testFreezes(t *testing.T, e *engine, sectors int, content func() []byte) {
	t.Helper()
	ctx := make(chan struct{})
	var freezing sync.WaitGroup
	freezing.Add(1)
	go func() {
		defer freezing.Done()
		for {
			select {
			case <-ctx:
				return
			default:
				e.server.Freeze()
				time.Sleep(50 * time.Microsecond) // less often than requests come
			}
		}
	}()
	data := bytes.Repeat([]byte("new "), ata.SectorSize/4)
	done := func() uint64 {
		s := e.server.Stats()
		return s.Exports[0].Writes + s.Links[0].Stale
	}
	for i := range sectors {
		e.link.Deliver(transferFrame(1+uint32(i), uint64(i), 1, data))
		if i < sectors/2 || i%16 == 15 { // the first come alone
			eventually(t, func() bool { return done() == uint64(i+1) }, "not every write is done or dropped")
		}
	}
	close(ctx)
	freezing.Wait()
	e.end()
	dropped := uint64(0)
	for i := range sectors {
		written := bytes.Equal(content()[i*ata.SectorSize:(i+1)*ata.SectorSize], data)
		answered := e.link.Reply(1+uint32(i)) != nil
		if written != answered {
			t.Errorf("write %d is answered: %v, and written: %v", i, answered, written)
		}
		if !answered {
			dropped++
		}
	}
	if n := e.server.Stats().Links[0].Stale; n != dropped || dropped == 0 {
		t.Errorf("%d of %d writes are dropped, and %d are counted", dropped, sectors, n)
	}
}
