// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"bytes"
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// journalLines is how many lines wait for a reader of standard error.
const journalLines = 64

// journal is standard error for those who cannot wait until it is read: what
// finds no room is left out, and counted.
type journal struct {
	to     io.Writer
	lines  chan []byte // nil is the last
	missed atomic.Int64
	ended  chan struct{}
}

// newJournal returns a journal that goes to w.
func newJournal(w io.Writer) *journal {
	j := &journal{to: w, lines: make(chan []byte, journalLines), ended: make(chan struct{})}
	go j.copy()
	return j
}

// Write takes what is one call's output; it does not wait.
func (j *journal) Write(p []byte) (int, error) {
	select {
	case j.lines <- bytes.Clone(p):
	default:
		j.missed.Add(1)
	}
	return len(p), nil
}

// copy writes what Write has taken, until close.
func (j *journal) copy() {
	defer close(j.ended)
	for line := range j.lines {
		if n := j.missed.Swap(0); n > 0 {
			fmt.Fprintf(j.to, "vblade: %d lines are left out here: nobody read them\n", n)
		}
		if line == nil {
			return
		}
		j.to.Write(line)
	}
}

// close waits until all is written, for so long at the most.
func (j *journal) close(within time.Duration) {
	late := time.After(within)
	select {
	case j.lines <- nil:
	case <-late:
		return
	}
	select {
	case <-j.ended:
	case <-late:
	}
}
