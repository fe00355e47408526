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
// call waits, and who reads at last learns how much is missing.
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
	kept, missed := strings.Count(all, "line "), 0
	_, after, _ := strings.Cut(all, "vblade: ")
	if fmt.Sscanf(after, "%d lines are left out here", &missed); kept+missed != lines || missed == 0 {
		t.Errorf("%d lines are kept and %d left out, of %d:\n%s", kept, missed, lines, all)
	}
}
