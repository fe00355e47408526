// SPDX-License-Identifier: GPL-2.0-only

package journal

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"time"
)

// waiting is how many writes wait for a reader of standard error.
const waiting = 64

// Journal is a standard error that never keeps its caller: what finds no room is
// left out, and counted.
type Journal struct {
	to         io.Writer
	priorities bool // each line begins with its level
	entries    chan entry
	ended      chan struct{}

	mu     sync.Mutex
	missed int // lines left out since the last that found room
}

// entry is what one call wrote, or the end, and how many lines were left out
// before it.
type entry struct {
	missed int
	text   []byte
	end    bool
}

// New returns a Journal that goes to w. Its lines carry priorities if w is the
// systemd journal.
func New(w io.Writer) *Journal { return newJournal(w, isSystemd(w)) }

// newJournal is New for a w that is known to take priorities, or not to.
func newJournal(w io.Writer, priorities bool) *Journal {
	j := &Journal{to: w, priorities: priorities, entries: make(chan entry, waiting), ended: make(chan struct{})}
	go j.copy()
	return j
}

// add takes whole lines of a level. It never blocks.
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

// copy writes what add has taken, until Close.
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

// gap is the line that stands for lines left out.
func (j *Journal) gap(lines int) []byte {
	text := fmt.Appendf(nil, name+"%d lines are left out here: nobody read them\n", lines)
	if j.priorities {
		text = withPriority(Warning, text)
	}
	return text
}

// Close waits until all is written, for so long at the most.
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
