// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"sync"
	"time"

	"vblade/internal/stats"
)

// How often the totals of an export are noted, and how many notes are kept. What
// the export has done in the last seconds is the difference to the oldest note.
const (
	noteEvery = time.Second
	notesKept = 3
)

// recent is the totals of an export at some moments of the last seconds.
type recent struct {
	mu    sync.Mutex
	notes [notesKept]note
	next  int // the oldest of them, whose place the next one takes
	times stats.Times
}

// note is the totals of an export at a moment.
type note struct {
	at     time.Duration // clock
	totals totals
	times  stats.Times // of reads and writes
}

// totals are the counters for rates.
type totals struct{ reads, readBytes, writes, writeBytes uint64 }

// totals returns the totals of the export.
func (e *export) totals() (t totals) {
	for _, c := range []*counters{&e.counts.led, &e.counts.crew} {
		t.reads += c.n[readsDone].Load()
		t.readBytes += c.n[readBytes].Load()
		t.writes += c.n[writesDone].Load()
		t.writeBytes += c.n[writeBytes].Load()
	}
	return t
}

// transferTimes replaces what is in t by the times of the export's reads and writes.
func (e *export) transferTimes(t *stats.Times) {
	t.Reset()
	t.Add(e.counts.service[stats.Read])
	t.Add(e.counts.service[stats.Write])
}

// begin sets all notes to nothing done at a moment.
func (w *recent) begin(now time.Duration) {
	for i := range w.notes {
		w.notes[i].at = now
	}
}

// takeNote notes the totals of the export.
func (e *export) takeNote() {
	w := &e.recent
	w.mu.Lock()
	defer w.mu.Unlock()
	now := e.totals()
	n := &w.notes[w.next]
	w.next = (w.next + 1) % notesKept
	n.at = clock()
	if n.totals != now { // an idle export costs next to nothing
		n.totals = now
		e.transferTimes(&n.times)
	}
}

// lately returns what the export has done in the last seconds.
func (e *export) lately() stats.Recent {
	w := &e.recent
	w.mu.Lock()
	defer w.mu.Unlock()
	now := e.totals() // under the lock, so that no note is newer
	oldest := &w.notes[w.next]
	seconds, was := (clock() - oldest.at).Seconds(), &oldest.totals
	if now == *was || seconds <= 0 {
		return stats.Recent{}
	}
	e.transferTimes(&w.times)
	w.times.Subtract(&oldest.times)
	return stats.Recent{
		Reads:      float64(now.reads-was.reads) / seconds,
		ReadBytes:  float64(now.readBytes-was.readBytes) / seconds,
		Writes:     float64(now.writes-was.writes) / seconds,
		WriteBytes: float64(now.writeBytes-was.writeBytes) / seconds,
		P50:        w.times.Quantile(0.5),
		P99:        w.times.Quantile(0.99),
	}
}

// watchRates notes what every export has done each noteEvery, until done.
func (s *Server) watchRates(done <-chan struct{}) {
	every(noteEvery, done, func() {
		for _, e := range s.snapshot.Load().exports {
			e.takeNote()
		}
	})
}
