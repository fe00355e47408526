// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package disks

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"vblade/cmd/bench/internal/load"
	"vblade/cmd/bench/internal/rig"
)

// ReadByThreads reads random KiBs of a slow disk with many threads at once and
// prints how many it read in how many nanoseconds, after a warm-up.
func ReadByThreads(out io.Writer, path string, threads int, warmUp, length time.Duration) error {
	runtime.GOMAXPROCS(2 * threads) // a thread that waits occupies one for a moment
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_DIRECT, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	var done atomic.Int64
	var failed atomic.Value
	var running sync.WaitGroup
	end := time.Now().Add(warmUp + length)
	for n := range threads {
		running.Add(1)
		go func() {
			defer running.Done()
			if err := readUntil(f, end, uint64(n+1), &done); err != nil {
				failed.Store(err)
			}
		}()
	}
	time.Sleep(warmUp)
	begin, before := time.Now(), done.Load()
	running.Wait()
	if err := failed.Load(); err != nil {
		return err.(error)
	}
	fmt.Fprintln(out, done.Load()-before, time.Since(begin).Nanoseconds())
	return nil
}

// readUntil reads at random places until a time.
func readUntil(f *os.File, end time.Time, seed uint64, done *atomic.Int64) error {
	buf := aligned(1024)
	for random := seed; time.Now().Before(end); done.Add(1) {
		random = load.Scramble(random)
		if _, err := f.ReadAt(buf, int64(random%(slowSize/uint64(len(buf))))*int64(len(buf))); err != nil {
			return err
		}
	}
	return nil
}

// aligned returns a buffer at the beginning of a page, as O_DIRECT may require.
func aligned(size int) []byte {
	const page = 4096
	b := make([]byte, size+page)
	skip := page - int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))%page)
	return b[skip : skip+size]
}

// Threads measures a slow disk by ReadByThreads, in a process in a place.
func Threads(at rig.Place, path string, threads int, length time.Duration) (s load.Sample, err error) {
	p, err := at.Launch("/proc/self/exe", "-read", path, "-threads", fmt.Sprint(threads), "-length", length.String())
	if err != nil {
		return s, err
	}
	defer p.Stop()
	_, err = fmt.Sscan(p.Line, &s.Requests, &s.Elapsed)
	return s, err
}
