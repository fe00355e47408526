// SPDX-License-Identifier: GPL-2.0-only

package uring

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
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

// TestTables uses, replaces and removes registered files and buffers.
func TestTables(t *testing.T) {
	r := newTestRing(t, 8)
	f, content := testFile(t, 8192)
	other, _ := testFile(t, 512)
	area := mapped(t, 1<<16)
	for _, err := range []error{r.MakeFiles(4), r.MakeBuffers(4), r.SetFile(3, int(f.Fd())), r.SetBuffer(2, area)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	r.ReadFixed(1, 3, area[512:2048], 2, 1024, FixedFile)
	r.ReadFixed(2, 2, area[:512], 2, 0, FixedFile)
	r.ReadFixed(3, 3, area[:512], 1, 0, FixedFile)
	r.ReadFixed(4, 3, make([]byte, 512), 2, 0, FixedFile)
	results := finish(t, r, 4)
	want(t, results, 1, 1536)
	want(t, results, 2, -int32(unix.EBADF))
	want(t, results, 3, -int32(unix.EFAULT))
	want(t, results, 4, -int32(unix.EFAULT))
	if !bytes.Equal(area[512:2048], content[1024:2560]) {
		t.Error("read other bytes than the file has")
	}
	for _, err := range []error{r.SetFile(3, int(other.Fd())), r.SetBuffer(2, nil), r.SetBuffer(0, area)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	r.WriteFixed(5, 3, area[1024:1536], 0, 0, FixedFile)
	want(t, finish(t, r, 1), 5, 512)
	if got, err := os.ReadFile(other.Name()); err != nil || !bytes.Equal(got, area[1024:1536]) {
		t.Errorf("the file holds other bytes than were written (%v)", err)
	}
	if err := r.SetFile(3, -1); err != nil {
		t.Fatal(err)
	}
	r.ReadFixed(6, 3, area[:512], 0, 0, FixedFile)
	want(t, finish(t, r, 1), 6, -int32(unix.EBADF))
	if err := r.SetFile(4, 0); !errors.Is(err, unix.EINVAL) {
		t.Errorf("a file outside the table: error %v, want %v", err, unix.EINVAL)
	}
}

// TestAllocations shows that the way of a request allocates nothing.
func TestAllocations(t *testing.T) {
	r := newTestRing(t, 8)
	f, _ := testFile(t, 4096)
	fd, b := int(f.Fd()), []Vec{VecOf(make([]byte, 512))}
	sum := 0
	n := testing.AllocsPerRun(100, func() {
		r.Readv(1, fd, b, 0, 0)
		r.Writev(2, fd, b, 0, 0)
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

// TestThreads uses several rings at once, each on its thread, on one file.
func TestThreads(t *testing.T) {
	newTestRing(t, 1)
	f, content := testFile(t, 1<<20)
	var wg sync.WaitGroup
	for seed := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			if err := readAll(int(f.Fd()), content, seed); err != nil {
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
		for next < len(vecs) && r.InFlight() < depth {
			i := (next*(2*seed+1) + seed) % len(vecs)
			vecs[i][0] = VecOf(got[i*block : (i+1)*block])
			r.Readv(uint64(i), fd, vecs[i][:], int64(i*block), Flags(seed%2)*Thread)
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
	if !r.Deferred() {
		t.Skip("missing: a kernel that binds rings to threads; run it on Linux 6.1 or newer")
	}
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
		if err == nil {
			err = moved.MakeFiles(2)
		}
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
	moved.Poll(1, 0, unix.POLLOUT, 0)
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
	r.Poll(1, p[0], unix.POLLIN, 0)
	if err := r.Enter(0, 0); err != nil {
		t.Fatal(err)
	}
	r.Poll(2, p[0], unix.POLLIN, 0) // not submitted
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

// TestVoid voids what is prepared: it completes without effect; what is prepared
// afterwards has its own.
func TestVoid(t *testing.T) {
	r := newTestRing(t, 8)
	f, content := testFile(t, 4096)
	data := bytes.Repeat([]byte{0xee}, 512)
	vecs := []Vec{VecOf(data)}
	r.Writev(1, int(f.Fd()), vecs, 0, 0)
	want(t, finish(t, r, 1), 1, 512)
	r.Writev(2, int(f.Fd()), vecs, 1024, 0)
	r.Poll(3, int(f.Fd()), PollIn, 0)
	r.Void()
	r.Writev(4, int(f.Fd()), vecs, 2048, 0)
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
