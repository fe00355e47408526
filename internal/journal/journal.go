// SPDX-License-Identifier: GPL-2.0-only

package journal

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"time"
)

// waiting is the length of the queue, in writes.
const waiting = 64

// Journal is a log whose writers never block: lines that find the queue full are
// dropped and counted.
type Journal struct {
	to         io.Writer
	priorities bool // each line begins with its level
	entries    chan entry
	ended      chan struct{}

	mu     sync.Mutex
	missed int // lines dropped since the last that was queued
}

// entry is what one call wrote, or the end of the log, and how many lines were
// dropped before it.
type entry struct {
	missed int
	text   []byte
	end    bool
}

// New returns a Journal that writes to w. Its lines carry priorities if w is the
// systemd journal.
func New(w io.Writer) *Journal { return newJournal(w, isSystemd(w)) }

// newJournal is New for a writer that is known to take priorities, or not to.
func newJournal(w io.Writer, priorities bool) *Journal {
	j := &Journal{to: w, priorities: priorities, entries: make(chan entry, waiting), ended: make(chan struct{})}
	go j.copy()
	return j
}

// add queues whole lines of a level. It never blocks.
func (j *Journal) add(level Level, text []byte) {
	lines := bytes.Count(text, []byte{'\n'})
	if j.priorities {
		text = withPriority(level, text)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	select {
	case j.entries <- entry{missed: j.missed, text: text}:
		j.missed = 0
	default:
		j.missed += lines
	}
}

// copy writes what is queued, until Close.
func (j *Journal) copy() {
	defer close(j.ended)
	for e := range j.entries {
		if e.end {
			j.mu.Lock()
			e.missed = j.missed
			j.mu.Unlock()
		}
		if e.missed > 0 {
			j.to.Write(j.gap(e.missed))
		}
		if e.end {
			return
		}
		j.to.Write(e.text)
	}
}

// gap is the line that stands for dropped lines.
func (j *Journal) gap(lines int) []byte {
	text := fmt.Appendf(nil, name+"%d lines are left out here: nobody read them\n", lines)
	if j.priorities {
		text = withPriority(Warning, text)
	}
	return text
}

// Close waits until the queue is written, up to a limit.
func (j *Journal) Close(within time.Duration) {
	late := time.After(within)
	select {
	case j.entries <- entry{end: true}:
	case <-late:
		return
	}
	select {
	case <-j.ended:
	case <-late:
	}
}
