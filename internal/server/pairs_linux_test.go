// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"vblade/internal/uring"
	"vblade/test/lab"
)

// TestFreezeBetweenPairs has a lead submit requests in pairs while the process is
// frozen again and again: what was not submitted before a freeze is void.
func TestFreezeBetweenPairs(t *testing.T) {
	s := &Server{freezes: freezes{sinceBoot: sinceBoot, boot: sinceBoot()}}
	l := &lead{s: s, ring: testRing(t)}
	path := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(path, make([]byte, 512), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			select {
			case <-done:
				return
			default:
				s.Freeze()
			}
		}
	}()
	const requests, tries = 8, 10000
	buffer := []uring.Vec{uring.VecOf(make([]byte, 512))}
	for range tries {
		l.ring.entered = clock() + time.Hour // so the first ones are not void
		for i := range requests {
			l.ring.Readv(uint64(i), int(file.Fd()), buffer, 0)
		}
		read, void := 0, 0
		for read+void < requests {
			l.enter(1, time.Second)
			for c := range l.ring.Completions {
				if c.Result > 0 {
					read++
				} else {
					void++
				}
			}
		}
		if read > 0 && void > 0 {
			return
		}
	}
	t.Errorf("no freeze has come between the pairs in %d tries", tries)
}

// testRing returns a ring that is in use by the test's thread.
func testRing(t *testing.T) *ring {
	t.Helper()
	g, err := newRing()
	if err != nil {
		lab.Skip(t, err.Error(), "run it on Linux 5.13 or newer, with `sysctl kernel.io_uring_disabled=0`")
	}
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
	t.Cleanup(func() { g.Close(0) })
	if err := g.Enable(); err != nil {
		t.Fatal(err)
	}
	return g
}
