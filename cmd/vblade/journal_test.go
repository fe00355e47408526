// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// journalPatience is how long a journal may take to be written.
const journalPatience = 10 * time.Second

// TestJournal writes lines: they come in order, all of them, by the end.
func TestJournal(t *testing.T) {
	var out strings.Builder
	j := newJournal(&out)
	want := ""
	for i := range journalLines / 2 {
		line := fmt.Sprintln("line", i)
		if n, err := io.WriteString(j, line); n != len(line) || err != nil {
			t.Fatalf("wrote %d of %d bytes: %v", n, len(line), err)
		}
		want += line
	}
	j.close(journalPatience)
	if out.String() != want {
		t.Errorf("got %q; want %q", &out, want)
	}
}

// TestJournalUnread writes more than there is room for while nobody reads: no
// call waits, and who reads at last learns how many lines are missing, and
// where.
func TestJournalUnread(t *testing.T) {
	out, in := io.Pipe()
	j := newJournal(in)
	const lines = 3 * journalLines
	for i := range lines {
		fmt.Fprintln(j, "line", i) // for ever, if it waited
	}
	begin := time.Now()
	j.close(time.Millisecond)
	if took := time.Since(begin); took > journalPatience/2 {
		t.Errorf("close took %v", took)
	}
	read := make(chan string)
	go func() {
		all, _ := io.ReadAll(out)
		read <- string(all)
	}()
	j.close(journalPatience)
	in.Close()
	all := <-read
	next, reports := 0, 0
	for line := range strings.Lines(all) {
		var n int
		if _, err := fmt.Sscanf(line, "vblade: %d lines are left out here", &n); err == nil {
			next += n
			reports++
		} else if line == fmt.Sprintln("line", next) {
			next++
		} else {
			t.Fatalf("got %q after %d lines that are written or counted:\n%s", line, next, all)
		}
	}
	if next != lines || reports == 0 {
		t.Errorf("%d lines are written or counted, of %d, in %d reports:\n%s", next, lines, reports, all)
	}
}
