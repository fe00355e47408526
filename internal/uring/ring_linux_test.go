// SPDX-License-Identifier: GPL-2.0-only

package uring

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vblade/test/lab"
)

// newTestRing makes a ring on this thread for the length of a test, or skips the
// test where the kernel has none.
func newTestRing(t *testing.T, entries int) *Ring {
	t.Helper()
	r, err := New(entries)
	if err != nil {
		lab.Skip(t, err.Error(), "run it on Linux 5.13 or newer, with `sysctl kernel.io_uring_disabled=0`")
	}
	runtime.LockOSThread()
	if err := r.Enable(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if r.fd >= 0 {
			if err := r.Close(10 * time.Second); err != nil {
				t.Error(err)
			}
		}
		runtime.UnlockOSThread()
	})
	return r
}

// finish enters until n requests have completed, and returns their results by
// their data.
func finish(t *testing.T, r *Ring, n int) map[uint64]int32 {
	t.Helper()
	results := map[uint64]int32{}
	deadline := time.Now().Add(20 * time.Second)
	for len(results) < n {
		if err := r.Enter(1, time.Second); err != nil {
			t.Fatalf("enter: %v", err)
		}
		for c := range r.Completions {
			if _, twice := results[c.Data]; twice {
				t.Fatalf("request %d completed twice", c.Data)
			}
			results[c.Data] = c.Result
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d requests completed in 20 s", len(results), n)
		}
	}
	return results
}

// want fails the test where a request's result is another.
func want(t *testing.T, results map[uint64]int32, data uint64, result int32) {
	t.Helper()
	if got, ok := results[data]; !ok || got != result {
		t.Errorf("request %d: result %d (completed: %v), want %d", data, got, ok, result)
	}
}

// testFile makes a file of so many bytes, each block of 512 filled with its number.
func testFile(t *testing.T, size int) (*os.File, []byte) {
	t.Helper()
	content := make([]byte, size)
	for i := range content {
		content[i] = byte(i / 512)
	}
	path := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, content
}

// TestReadWrite reads and writes several buffers at once.
func TestReadWrite(t *testing.T) {
	r := newTestRing(t, 8)
	f, content := testFile(t, 64<<10)
	a, b := make([]byte, 512), make([]byte, 1024)
	read := []Vec{VecOf(a), VecOf(b)}
	r.Readv(1, int(f.Fd()), read, 2048)
	want(t, finish(t, r, 1), 1, 1536)
	if got := append(a[:512:512], b...); !bytes.Equal(got, content[2048:2048+1536]) {
		t.Error("read other bytes than the file has")
	}
	for i := range a {
		a[i] = 0xaa
	}
	r.Writev(2, int(f.Fd()), []Vec{VecOf(a)}, 512)
	want(t, finish(t, r, 1), 2, 512)
	copy(content[512:], a)
	if got, err := os.ReadFile(f.Name()); err != nil || !bytes.Equal(got, content) {
		t.Errorf("the file holds other bytes than were written (%v)", err)
	}
}

// TestShort reads across and past the end of a file.
func TestShort(t *testing.T) {
	r := newTestRing(t, 8)
	f, _ := testFile(t, 1000)
	r.Readv(1, int(f.Fd()), []Vec{VecOf(make([]byte, 512))}, 900)
	r.Readv(2, int(f.Fd()), []Vec{VecOf(make([]byte, 512))}, 4096)
	results := finish(t, r, 2)
	want(t, results, 1, 100)
	want(t, results, 2, 0)
}

// TestErrors shows that a request's error is its own, and stops no other.
func TestErrors(t *testing.T) {
	r := newTestRing(t, 8)
	f, _ := testFile(t, 4096)
	only, err := os.Open(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer only.Close()
	b := []Vec{VecOf(make([]byte, 512))}
	r.Readv(1, -1, b, 0)
	r.Writev(2, int(only.Fd()), b, 0)
	r.Readv(3, int(f.Fd()), b, -1<<32)
	r.Readv(4, int(f.Fd()), b, 0)
	results := finish(t, r, 4)
	want(t, results, 1, -int32(unix.EBADF))
	want(t, results, 2, -int32(unix.EBADF))
	want(t, results, 3, -int32(unix.EINVAL))
	want(t, results, 4, 512)
}

// TestFull fills the queue of requests.
func TestFull(t *testing.T) {
	r := newTestRing(t, 4)
	f, _ := testFile(t, 4096)
	b := []Vec{VecOf(make([]byte, 512))}
	n := r.Room()
	for i := range n {
		if !r.Readv(uint64(i), int(f.Fd()), b, 0) {
			t.Fatalf("no room for request %d of %d", i, n)
		}
	}
	if r.Readv(99, int(f.Fd()), b, 0) || r.Poll(99, 0, unix.POLLIN) || r.Cancel(99, 0) {
		t.Error("a full queue took a request")
	}
	finish(t, r, n)
	if !r.Readv(100, int(f.Fd()), b, 0) {
		t.Error("an empty queue did not take a request")
	}
	want(t, finish(t, r, 1), 100, 512)
	if r.inFlight != 0 {
		t.Errorf("%d requests in flight after the last completed", r.inFlight)
	}
}

// TestOverflow has more requests complete than the queue of completions holds.
func TestOverflow(t *testing.T) {
	r := newTestRing(t, 4)
	f, _ := testFile(t, 4096)
	b := []Vec{VecOf(make([]byte, 512))}
	n := 3 * len(r.cqes)
	for i := range n {
		if !r.Readv(uint64(i), int(f.Fd()), b, 0) {
			if err := r.Enter(0, 0); err != nil {
				t.Fatal(err)
			}
			r.Readv(uint64(i), int(f.Fd()), b, 0)
		}
	}
	if err := r.Enter(0, 0); err != nil {
		t.Fatal(err)
	}
	if got := int(r.cqTail.Load() - r.head); got != len(r.cqes) || !r.Ready() {
		t.Errorf("%d completions in a queue for %d, ready %v, where they overflow", got, len(r.cqes), r.Ready())
	}
	if got := len(finish(t, r, n)); got != n {
		t.Errorf("%d of %d requests completed", got, n)
	}
}

// pipe makes a pipe, to read from its first end, for the length of the test.
func pipe(t *testing.T) (ends [2]int) {
	t.Helper()
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		unix.Close(ends[0])
		unix.Close(ends[1])
	})
	return ends
}

// TestPoll waits for a pipe, cancels such a wait, and lets one time out.
func TestPoll(t *testing.T) {
	r := newTestRing(t, 8)
	p := pipe(t)
	r.Poll(1, p[0], unix.POLLIN)
	for _, limit := range []time.Duration{0, time.Millisecond, 20 * time.Millisecond} {
		longest := time.Duration(-1)
		for try := 0; try < 50 && longest < limit; try++ { // a signal ends a wait early
			start := time.Now()
			if err := r.Enter(1, limit); err != nil || r.Ready() {
				t.Fatalf("enter for %v: %v, ready %v", limit, err, r.Ready())
			}
			longest = max(longest, time.Since(start))
		}
		if longest < limit {
			t.Errorf("waited %v at most, want %v", longest, limit)
		}
	}
	unix.Write(p[1], []byte{1})
	want(t, finish(t, r, 1), 1, unix.POLLIN)
	unix.Read(p[0], make([]byte, 1))
	r.Poll(2, p[0], unix.POLLIN)
	r.Cancel(3, 2)
	r.Cancel(4, 77)
	results := finish(t, r, 3)
	want(t, results, 2, -int32(unix.ECANCELED))
	want(t, results, 3, 0)
	want(t, results, 4, -int32(unix.ENOENT))
}

// TestBreak stops taking completions in between.
func TestBreak(t *testing.T) {
	r := newTestRing(t, 8)
	f, _ := testFile(t, 4096)
	b := []Vec{VecOf(make([]byte, 512))}
	for i := range 3 {
		r.Readv(uint64(i), int(f.Fd()), b, 0)
	}
	if err := r.Enter(3, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	for range r.Completions {
		break
	}
	if r.inFlight != 2 {
		t.Errorf("%d completions left after one of three was taken", r.inFlight)
	}
	finish(t, r, 2)
}
