// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// read is a process that reads random KiBs of a file with many threads at once
// and prints how many it read in how many nanoseconds. It shows what the slow
// disk can do.
func read(path string, threads int, length time.Duration) error {
	runtime.GOMAXPROCS(2 * threads) // a thread that waits holds one for a moment
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
	fmt.Println(done.Load()-before, time.Since(begin).Nanoseconds())
	return nil
}

// readUntil reads at random places until a time.
func readUntil(f *os.File, end time.Time, seed uint64, done *atomic.Int64) error {
	buf := aligned(1024)
	for random := seed; time.Now().Before(end); done.Add(1) {
		random = scramble(random)
		if _, err := f.ReadAt(buf, int64(random%(slowSize/uint64(len(buf))))*int64(len(buf))); err != nil {
			return err
		}
	}
	return nil
}

// aligned returns a buffer that begins a page, as O_DIRECT may want it.
func aligned(size int) []byte {
	const page = 4096
	b := make([]byte, size+page)
	skip := page - int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))%page)
	return b[skip : skip+size]
}

// sampleAlone measures the slow disk without a target.
func (b *bench) sampleAlone(w workload, path string) (sample, error) {
	p, err := launch(b.host, []int{b.cpus.target}, []int{b.cpus.load}, "/proc/self/exe",
		"-read", path, "-threads", fmt.Sprint(w.depth), "-length", b.options.length.String())
	if err != nil {
		return sample{}, err
	}
	defer p.stop()
	var s sample
	_, err = fmt.Fscan(strings.NewReader(p.line), &s.requests, &s.elapsed)
	return s, err
}
