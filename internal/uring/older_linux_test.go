// SPDX-License-Identifier: GPL-2.0-only

package uring

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestOlder uses a ring in each of the ways in which older kernels have it.
func TestOlder(t *testing.T) {
	newTestRing(t, 8) // or skips
	f, _ := testFile(t, 4096)
	ways := attempts()
	for i := range ways {
		t.Run(fmt.Sprintf("%#x", ways[i]), func(t *testing.T) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			r, err := newRing(4, ways[i:])
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Enable(); err != nil {
				t.Fatal(err)
			}
			if err := useAll(r, int(f.Fd())); err != nil {
				t.Error(err)
			}
			checkPipe(t, r)
			if err := r.Close(10 * time.Second); err != nil {
				t.Error(err)
			}
		})
	}
}

// checkPipe has a wait for a pipe end, and leaves another in flight.
func checkPipe(t *testing.T, r *Ring) {
	t.Helper()
	p := pipe(t)
	r.Poll(1, p[0], unix.POLLIN)
	if err := r.Enter(1, time.Millisecond); err != nil || r.Ready() {
		t.Errorf("wait for an empty pipe: %v, ready %v", err, r.Ready())
	}
	unix.Write(p[1], []byte{1})
	want(t, finish(t, r, 1), 1, unix.POLLIN)
	unix.Read(p[0], make([]byte, 1))
	r.Poll(2, p[0], unix.POLLIN)
	if err := r.Enter(0, 0); err != nil {
		t.Error(err)
	}
}
