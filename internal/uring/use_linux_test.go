// SPDX-License-Identifier: GPL-2.0-only

package uring

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vblade/test/lab"
)

// mapped returns memory that the collector does not know.
func mapped(t *testing.T, n int) []byte {
	t.Helper()
	b, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Munmap(b) })
	return b
}

// TestAllocations shows that the way of a request allocates nothing.
func TestAllocations(t *testing.T) {
	r := newTestRing(t, 8)
	f, _ := testFile(t, 4096)
	fd, b := int(f.Fd()), []Vec{VecOf(make([]byte, 512))}
	sum := 0
	n := testing.AllocsPerRun(100, func() {
		r.Readv(1, fd, b, 0)
		r.Writev(2, fd, b, 0)
		for left := 2; left > 0; {
			r.Enter(left, time.Millisecond)
			for c := range r.Completions {
				left--
				sum += int(c.Result)
			}
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestThreads uses several rings at once, each on its thread, on one file,
// with and without the page cache.
func TestThreads(t *testing.T) {
	newTestRing(t, 1)
	f, content := testFile(t, 1<<20)
	fds := []int{int(f.Fd()), reopen(t, f.Name(), unix.O_RDONLY|unix.O_DIRECT)}
	var wg sync.WaitGroup
	for seed := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			if err := readAll(fds[seed%2], content, seed); err != nil {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
}

// readAll reads a file by a ring of its own, 16 blocks at a time in an order of
// its own, and compares it.
func readAll(fd int, content []byte, seed int) error {
	const block, depth = 4096, 16
	r, err := New(depth)
	if err != nil {
		return err
	}
	defer r.Close(10 * time.Second)
	if err := r.Enable(); err != nil {
		return err
	}
	got := make([]byte, len(content))
	vecs := make([][1]Vec, len(content)/block)
	next, done := 0, 0
	for done < len(vecs) {
		for next < len(vecs) && r.inFlight < depth {
			i := (next*(2*seed+1) + seed) % len(vecs)
			vecs[i][0] = VecOf(got[i*block : (i+1)*block])
			r.Readv(uint64(i), fd, vecs[i][:], int64(i*block))
			next++
		}
		if err := r.Enter(1, time.Millisecond); err != nil {
			return err
		}
		for c := range r.Completions {
			if c.Result != block {
				return fmt.Errorf("block %d: result %d", c.Data, c.Result)
			}
			done++
		}
	}
	if !bytes.Equal(got, content) {
		return errors.New("read other bytes than the file has")
	}
	return nil
}

// TestOwner shows that a ring is made by any thread and used by one.
func TestOwner(t *testing.T) {
	r := newTestRing(t, 8) // locks this thread
	ways := attempts()
	best, err := newRing(8, ways[:1])
	if err != nil {
		lab.Skip(t, "a kernel that binds rings to threads", "run it on Linux 6.1 or newer")
	}
	best.release()
	result := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		result <- r.Enter(0, 0)
	}()
	if err := <-result; !errors.Is(err, unix.EEXIST) {
		t.Errorf("enter by another thread: error %v, want %v", err, unix.EEXIST)
	}
	made := make(chan *Ring)
	go func() {
		moved, err := New(8)
		if err != nil {
			t.Error(err)
		}
		made <- moved
	}()
	moved := <-made
	if err := moved.Enter(0, 0); !errors.Is(err, unix.EBADFD) {
		t.Errorf("enter before Enable: error %v, want %v", err, unix.EBADFD)
	}
	if err := moved.Enable(); err != nil {
		t.Fatal(err)
	}
	moved.Poll(1, 0, unix.POLLOUT)
	moved.Cancel(2, 1)
	finish(t, moved, 2)
	if err := moved.Close(time.Second); err != nil {
		t.Error(err)
	}
}

// TestCloseCancels closes a ring with a wait in flight that never ends by itself.
func TestCloseCancels(t *testing.T) {
	r := newTestRing(t, 8)
	p := pipe(t)
	r.Poll(1, p[0], unix.POLLIN)
	if err := r.Enter(0, 0); err != nil {
		t.Fatal(err)
	}
	r.Poll(2, p[0], unix.POLLIN) // not submitted
	if err := r.Close(10 * time.Second); err != nil {
		t.Error(err)
	}
}

// TestAdvice shows that the errors of New say what to do.
func TestAdvice(t *testing.T) {
	for err, word := range map[error]string{unix.ENOSYS: "seccomp", unix.EPERM: "io_uring_disabled", unix.ENOMEM: "LimitMEMLOCK", unix.EINVAL: "5.13"} {
		if s := advice(err); !strings.Contains(s, word) {
			t.Errorf("%v: %q does not name %s", err, s, word)
		}
	}
}

// TestPairs submits in pairs: while few requests are in flight, all but the last one or
// two.
func TestPairs(t *testing.T) {
	r := newTestRing(t, 32)
	f, _ := testFile(t, 4096)
	buffer := []Vec{VecOf(make([]byte, 512))}
	for _, c := range []struct{ prepared, left int }{{1, 1}, {2, 2}, {3, 1}, {4, 2}, {7, 1}, {20, 4}} {
		for i := range c.prepared {
			r.Readv(uint64(i), int(f.Fd()), buffer, 0)
		}
		for r.SubmitPair() {
		}
		if left := int(r.tail - r.sqHead.Load()); left != c.left {
			t.Errorf("of %d requests %d are left; want %d", c.prepared, left, c.left)
		}
		finish(t, r, c.prepared)
	}
}

// TestVoid voids what is prepared: it completes without effect; what is prepared
// afterwards has its own.
func TestVoid(t *testing.T) {
	r := newTestRing(t, 8)
	f, content := testFile(t, 4096)
	data := bytes.Repeat([]byte{0xee}, 512)
	vecs := []Vec{VecOf(data)}
	r.Writev(1, int(f.Fd()), vecs, 0)
	want(t, finish(t, r, 1), 1, 512)
	r.Writev(2, int(f.Fd()), vecs, 1024)
	r.Poll(3, int(f.Fd()), PollIn)
	r.Void()
	r.Writev(4, int(f.Fd()), vecs, 2048)
	results := finish(t, r, 3)
	want(t, results, 2, 0)
	want(t, results, 3, 0)
	want(t, results, 4, 512)
	copy(content, data)
	copy(content[2048:], data)
	got := make([]byte, len(content))
	if _, err := f.ReadAt(got, 0); err != nil || !bytes.Equal(got, content) {
		t.Errorf("the file does not hold what was not voided: %v", err)
	}
}
