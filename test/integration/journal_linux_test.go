// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"bufio"
	"fmt"
	"os"
	"testing"
	"time"

	"vblade/test/lab"
)

// What vblade logs of its link.
const (
	logDown    = "vblade: e9.0: tgt0: the interface is down; waiting for the link"
	logGone    = "vblade: e9.0: tgt0: the interface is gone; waiting for the link"
	logCarrier = "vblade: e9.0: tgt0: no carrier; waiting for the link"
	logAgain   = "vblade: e9.0: tgt0: serving again"
)

// journal is what a vblade logs, line by line.
type journal struct {
	t     *testing.T
	pipe  *os.File // vblade's standard error
	lines chan string
}

// endOfJournal is a line that no vblade logs.
const endOfJournal = "the end"

// startLogged starts vblade for e9.0 on tgt0 with a journal.
func (s *site) startLogged(args ...string) (*lab.Process, *journal) {
	s.t.Helper()
	v, pipe := s.startPiped(append(args, "9", "0", "tgt0", s.image)...)
	j := &journal{s.t, pipe, make(chan string, 10000)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(pipe); lines.Scan(); {
			if isUsual(lines.Text()) {
				j.lines <- lines.Text()
			}
		}
	}()
	s.t.Cleanup(func() { pipe.Close(); <-ended })
	return v, j
}

// next returns the next line.
func (j *journal) next() string {
	j.t.Helper()
	select {
	case line := <-j.lines:
		return line
	case <-time.After(patience):
		j.t.Fatal("nothing is logged")
		return ""
	}
}

// expect wants lines, these and no others, in their order.
func (j *journal) expect(want ...string) {
	j.t.Helper()
	for _, w := range want {
		if line := j.next(); line != w {
			j.t.Errorf("logged %q; want %q", line, w)
		}
	}
}

// until returns the lines up to one that is as wanted.
func (j *journal) until(want string) []string {
	j.t.Helper()
	for lines := []string{}; ; {
		lines = append(lines, j.next())
		if lines[len(lines)-1] == want {
			return lines
		}
	}
}

// rest ends vblade and returns the lines that nobody asked for.
func (j *journal) rest(v *lab.Process) []string {
	j.t.Helper()
	if err := v.Stop(); err != nil {
		j.t.Error(err)
	}
	if _, err := fmt.Fprintln(j.pipe, endOfJournal); err != nil {
		j.t.Fatal(err)
	}
	lines := j.until(endOfJournal)
	return lines[:len(lines)-1]
}

// stop ends vblade, which must have logged no more.
func (j *journal) stop(v *lab.Process) {
	j.t.Helper()
	if lines := j.rest(v); len(lines) > 0 {
		j.t.Errorf("logged besides: %q", lines)
	}
}
