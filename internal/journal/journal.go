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
	priorities bool    // each line begins with its level
	native     *native // takes lines with fields; nil where there is none
	entries    chan entry
	ended      chan struct{}

	mu     sync.Mutex
	missed int               // lines dropped since the last that was queued
	confs  map[string]string // the conf files of exports, by their names
}

// entry is what one call wrote, or the end of the log, and how many lines were
// dropped before it.
type entry struct {
	missed int
	level  Level
	text   []byte
	fields []Field
	end    bool
}

// New returns a Journal that writes to w. If w is the systemd journal, its lines carry
// priorities, and fields. Call it before the process is confined.
func New(w io.Writer) *Journal {
	if !isSystemd(w) {
		return newJournal(w, false, nil)
	}
	return newJournal(w, true, openNative(nativeSocket))
}

// newJournal is New for a writer that is known to take priorities, or not to.
func newJournal(w io.Writer, priorities bool, n *native) *Journal {
	j := &Journal{
		to: w, priorities: priorities, native: n,
		entries: make(chan entry, waiting), ended: make(chan struct{}), confs: make(map[string]string),
	}
	go j.copy()
	return j
}

// add queues whole lines of a level, with fields if they have any. It never blocks.
func (j *Journal) add(level Level, text []byte, fields []Field) {
	j.mu.Lock()
	defer j.mu.Unlock()
	select {
	case j.entries <- entry{missed: j.missed, level: level, text: text, fields: fields}:
		j.missed = 0
	default:
		j.missed += bytes.Count(text, []byte{'\n'})
	}
}

// copy writes what is queued, until Close.
func (j *Journal) copy() {
	defer close(j.ended)
	defer j.native.close()
	for e := range j.entries {
		if e.end {
			j.mu.Lock()
			e.missed = j.missed
			j.mu.Unlock()
		}
		if e.missed > 0 {
			j.write(Warning, gap(e.missed))
		}
		if e.end {
			return
		}
		if !j.native.send(e.level, e.text, e.fields) {
			j.write(e.level, e.text)
		}
	}
}

// write writes lines of a level to standard error.
func (j *Journal) write(level Level, text []byte) {
	if j.priorities {
		text = withPriority(level, text)
	}
	j.to.Write(text)
}

// gap is the line that stands for dropped lines.
func gap(lines int) []byte {
	return fmt.Appendf(nil, name+"%d lines are left out here: nobody read them\n", lines)
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
