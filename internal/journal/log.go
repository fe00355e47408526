// SPDX-License-Identifier: GPL-2.0-only

package journal

import (
	"fmt"
	"log"
	"strings"
)

// name begins every line that is not written as it stands.
const name = "vblade: "

// Log writes lines about one thing to a Journal. None of its methods blocks. A
// nil Log discards what it is given.
type Log struct {
	journal *Journal
	subject string
}

// Log returns a Log whose lines begin with "vblade: " and the subject, such as
// "e9.0: "; an empty one for none.
func (j *Journal) Log(subject string) *Log { return &Log{journal: j, subject: subject} }

// Errorf writes that something failed and ends what it was part of.
func (l *Log) Errorf(format string, a ...any) { l.printf(Error, format, a) }

// Warnf writes that something is wrong that vblade lives through.
func (l *Log) Warnf(format string, a ...any) { l.printf(Warning, format, a) }

// Infof writes what is good to know.
func (l *Log) Infof(format string, a ...any) { l.printf(Info, format, a) }

// printf writes a line.
func (l *Log) printf(level Level, format string, a []any) {
	if l == nil {
		return
	}
	text := fmt.Sprintf(format, a...)
	l.journal.add(level, []byte(name+l.subject+strings.TrimSuffix(text, "\n")+"\n"))
}

// Logger returns a log.Logger whose lines begin with "vblade: " and have a level;
// what is written to its Writer is taken as it stands. Neither ever blocks.
func (j *Journal) Logger(level Level) *log.Logger {
	return log.New(levelWriter{j, level}, name, 0)
}

// levelWriter writes whole lines of a level.
type levelWriter struct {
	journal *Journal
	level   Level
}

// Write takes what is one call's output.
func (w levelWriter) Write(p []byte) (int, error) {
	w.journal.add(w.level, append([]byte(nil), p...))
	return len(p), nil
}
