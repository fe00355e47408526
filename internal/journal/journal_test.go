// SPDX-License-Identifier: GPL-2.0-only

package journal

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// patience is how long a journal may take to be written.
const patience = 10 * time.Second

// TestOrder writes lines: they come in order, all of them, by the end.
func TestOrder(t *testing.T) {
	var out strings.Builder
	j := New(&out)
	want := ""
	for i := range waiting / 2 {
		line := fmt.Sprintln("line", i)
		w := j.Logger(Info).Writer()
		if n, err := io.WriteString(w, line); n != len(line) || err != nil {
			t.Fatalf("wrote %d of %d bytes: %v", n, len(line), err)
		}
		want += line
	}
	j.Close(patience)
	if out.String() != want {
		t.Errorf("got %q; want %q", &out, want)
	}
}

// said is what three levels of lines look like, without priorities and with.
var said = map[bool]string{
	false: "vblade: e9.0: gone: 1\nvblade: e9.0: slow\nvblade: fine\nvblade: old\na\nb\n",
	true:  "<3>vblade: e9.0: gone: 1\n<4>vblade: e9.0: slow\n<6>vblade: fine\n<4>vblade: old\n<6>a\n<6>b\n",
}

// TestLevels writes by each of the ways to write. A nil Log writes nothing.
func TestLevels(t *testing.T) {
	for priorities, want := range said {
		var out strings.Builder
		j := newJournal(&out, priorities, nil)
		l := j.Log("e9.0: ")
		l.Errorf("gone: %d", 1)
		l.Warnf("slow\n")
		(*Log)(nil).Warnf("nothing")
		j.Log("").Infof("fine")
		j.Logger(Warning).Print("old")
		io.WriteString(j.Logger(Info).Writer(), "a\nb\n")
		j.Close(patience)
		if out.String() != want {
			t.Errorf("priorities %v: got %q; want %q", priorities, &out, want)
		}
	}
}

// TestOneLine logs what would be several lines, or commands to a terminal.
func TestOneLine(t *testing.T) {
	for text, want := range map[string]string{
		"open größe.img: gone":                   "open größe.img: gone",
		"open a\x1b[31m\rb\t\u0085c: gone":       `open a\x1b[31m\rb\t\u0085c: gone`,
		"open \xff\xfe\x9b: gone":                `open \xff\xfe\x9b: gone`,
		"open a\ue000\ufffdb: gone":              "open a\ue000\ufffdb: gone",
		errors.Join(io.EOF, io.EOF).Error():      "EOF; EOF",
		"open a\nvblade: e9.0: reserved by root": "open a; vblade: e9.0: reserved by root",
	} {
		var out strings.Builder
		j := newJournal(&out, true, nil)
		j.Log("").Warnf("%s\n", text)
		j.Close(patience)
		if want = "<4>vblade: " + want + "\n"; out.String() != want {
			t.Errorf("%q: got %q; want %q", text, &out, want)
		}
	}
}

// TestUnread writes more than there is room for while nobody reads: no call
// waits, and who reads at last learns how many lines are missing, and where.
func TestUnread(t *testing.T) {
	out, in := io.Pipe()
	j := New(in)
	const lines = 6 * waiting
	w := j.Logger(Info).Writer()
	for i := 0; i < lines; i += 2 {
		fmt.Fprintf(w, "line %d\nline %d\n", i, i+1) // for ever, if it waited
	}
	begin := time.Now()
	j.Close(time.Millisecond)
	if took := time.Since(begin); took > patience/2 {
		t.Errorf("Close took %v", took)
	}
	read := make(chan string)
	go func() {
		all, _ := io.ReadAll(out)
		read <- string(all)
	}()
	j.Close(patience)
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
