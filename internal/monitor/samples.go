// SPDX-License-Identifier: GPL-2.0-only

package monitor

import (
	"bufio"
	"io"
	"strconv"
	"strings"
)

// samples writes the lines of a page, fast enough for many exports, through a
// small buffer.
type samples struct {
	w      *bufio.Writer
	number []byte // scratch
}

// newSamples returns samples that are written to w.
func newSamples(w io.Writer) *samples {
	return &samples{w: bufio.NewWriterSize(w, 32<<10)}
}

// head begins the samples of a metric.
func (s *samples) head(name, kind, help string) {
	s.write("# HELP ", name, " ", help, "\n# TYPE ", name, " ", kind, "\n")
}

// put writes a sample with labels.
func (s *samples) put(name string, value float64, labels ...string) {
	s.w.WriteString(name)
	next := byte('{')
	for _, l := range labels {
		s.w.WriteByte(next)
		s.w.WriteString(l)
		next = ','
	}
	s.w.WriteString("} ")
	if whole := int64(value); float64(whole) == value {
		s.number = strconv.AppendInt(s.number[:0], whole, 10)
	} else {
		s.number = strconv.AppendFloat(s.number[:0], value, 'g', -1, 64)
	}
	s.w.Write(append(s.number, '\n'))
}

// write writes strings.
func (s *samples) write(all ...string) {
	for _, text := range all {
		s.w.WriteString(text)
	}
}

// label is a label as it is written.
func label(name, value string) string { return name + "=" + quote(value) }

// quote quotes the value of a label, such as a file name, which may contain
// nearly any character.
func quote(s string) string {
	if !strings.ContainsAny(s, "\\\"\n") {
		return `"` + s + `"`
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}
