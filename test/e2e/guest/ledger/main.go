// SPDX-License-Identifier: GPL-2.0-only

// Ledger writes a file block by block, past the page cache, one write with fsync
// at a time, and knows what was acknowledged. It runs in a guest:
//
//	ledger FILE COUNTER STOP
//
// COUNTER is a file that holds the number of blocks acknowledged so far. For every
// SIGUSR1 it prints, after the next acknowledgement, the longest time in
// milliseconds between two since the last such line. Once the file STOP is there it
// reads all blocks and compares them. Its exit status is 1 where a write failed or
// a block is not what was acknowledged last.
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
	"unsafe"
)

// The file that is written: so many blocks of so many bytes.
const (
	blocks    = 512
	blockSize = 4096
)

// pause is left between two writes, for the CPU that hosts and initiator share.
const pause = 10 * time.Millisecond

// ledger is a file, and what it must hold.
type ledger struct {
	file *os.File
	last [blocks]uint64 // the number of the write acknowledged last; 0 for none
	buf  []byte         // a block, aligned as direct I/O wants it
}

// main runs the ledger until there is the file STOP.
func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// run writes, reports and, at the end, compares.
func run(path, counter, stop string) error {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1)
	l, err := open(path)
	if err != nil {
		return err
	}
	count, err := os.Create(counter)
	if err != nil {
		return err
	}
	var longest time.Duration
	before := time.Now()
	for n := uint64(1); ; n++ {
		if err := l.write(n); err != nil {
			return fmt.Errorf("write %d failed after %v: %w", n, time.Since(before), err)
		}
		now := time.Now()
		longest = max(longest, now.Sub(before))
		before = now
		if _, err := fmt.Fprintf(count, "%d\n", n); err != nil {
			return err
		}
		count.Seek(0, 0)
		select {
		case <-asked:
			fmt.Println(longest.Milliseconds())
			longest = 0
		default:
		}
		if _, err := os.Stat(stop); err == nil {
			return l.compare()
		}
		time.Sleep(pause)
	}
}

// open makes the file, full of zeros.
func open(path string) (*ledger, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_DIRECT, 0o600)
	if err != nil {
		return nil, err
	}
	room := make([]byte, 2*blockSize)
	skip := -uintptr(unsafe.Pointer(&room[0])) % blockSize
	l := &ledger{file: f, buf: room[skip : skip+blockSize]}
	for b := range int64(blocks) {
		if _, err := f.WriteAt(l.buf, b*blockSize); err != nil {
			return nil, err
		}
	}
	return l, f.Sync()
}

// fill makes the block that write n leaves.
func fill(buf []byte, n uint64) {
	for i := 0; i < len(buf); i += 8 {
		binary.BigEndian.PutUint64(buf[i:], n)
	}
}

// write writes the block that is next, for the nth time that one is written.
func (l *ledger) write(n uint64) error {
	at := n % blocks
	fill(l.buf, n)
	if _, err := l.file.WriteAt(l.buf, int64(at)*blockSize); err != nil {
		return err
	}
	if err := l.file.Sync(); err != nil {
		return err
	}
	l.last[at] = n
	return nil
}

// compare reads all blocks.
func (l *ledger) compare() error {
	want, wrong := make([]byte, blockSize), 0
	for b, n := range l.last {
		fill(want, n)
		if _, err := l.file.ReadAt(l.buf, int64(b)*blockSize); err != nil {
			return fmt.Errorf("read block %d: %w", b, err)
		}
		if !bytes.Equal(l.buf, want) {
			fmt.Printf("block %d holds write %d; want %d\n", b, binary.BigEndian.Uint64(l.buf), n)
			wrong++
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%d blocks are wrong", wrong)
	}
	return nil
}
