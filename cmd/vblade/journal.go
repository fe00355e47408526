// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"time"
)

// journalLines is how many lines wait for a reader of standard error.
const journalLines = 64

// journal is standard error for those who cannot wait until it is read: what
// finds no room is left out, and counted.
type journal struct {
	to    io.Writer
	lines chan entry
	ended chan struct{}

	mu     sync.Mutex
	missed int // lines left out since the last that found room
}

// entry is a line, or the end, and how many lines were left out before it.
type entry struct {
	missed int
	line   []byte
	end    bool
}

// newJournal returns a journal that goes to w.
func newJournal(w io.Writer) *journal {
	j := &journal{to: w, lines: make(chan entry, journalLines), ended: make(chan struct{})}
	go j.copy()
	return j
}

// Write takes what is one call's output; it does not wait.
func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	select {
	case j.lines <- entry{missed: j.missed, line: bytes.Clone(p)}:
		j.missed = 0
	default:
		j.missed++
	}
	return len(p), nil
}

// copy writes what Write has taken, until close.
func (j *journal) copy() {
	defer close(j.ended)
	for e := range j.lines {
		if e.end {
			j.mu.Lock()
			e.missed = j.missed
			j.mu.Unlock()
		}
		if e.missed > 0 {
			fmt.Fprintf(j.to, "vblade: %d lines are left out here: nobody read them\n", e.missed)
		}
		if e.end {
			return
		}
		j.to.Write(e.line)
	}
}

// close waits until all is written, for so long at the most.
func (j *journal) close(within time.Duration) {
	late := time.After(within)
	select {
	case j.lines <- entry{end: true}:
	case <-late:
		return
	}
	select {
	case <-j.ended:
	case <-late:
	}
}
