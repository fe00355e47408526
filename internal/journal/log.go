// SPDX-License-Identifier: GPL-2.0-only

package journal

import (
	"log"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// name begins every line that is not written verbatim.
const name = "vblade: "

// Log writes lines about one thing to a Journal. None of its methods blocks. A
// nil Log discards what it is given.
type Log struct {
	journal *Journal
	subject string
}

// Log returns a Log whose lines begin with "vblade: " and a subject, such as
// "e9.0: ", which may be empty.
func (j *Journal) Log(subject string) *Log { return &Log{journal: j, subject: subject} }

// Errorf logs that something failed that vblade was asked to do.
func (l *Log) Errorf(format string, a ...any) { l.printf(Error, format, a) }

// Warnf logs that something is wrong, while vblade goes on.
func (l *Log) Warnf(format string, a ...any) { l.printf(Warning, format, a) }

// Infof logs a change that needs no action.
func (l *Log) Infof(format string, a ...any) { l.printf(Info, format, a) }

// printf queues a line.
func (l *Log) printf(level Level, format string, a []any) {
	if l == nil {
		return
	}
	text, fields := l.journal.compose(format, a)
	l.journal.add(level, []byte(name+l.subject+oneLine(strings.TrimSuffix(text, "\n"))+"\n"), fields)
}

// oneLine returns a text, which may hold names that others have chosen, as one line
// without a character that a terminal takes for a command: joined errors have a
// semicolon between them, other control characters are escaped.
func oneLine(text string) string {
	if utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl) {
		return text
	}
	var b strings.Builder
	for i, n := 0, 0; i < len(text); i += n {
		var r rune
		r, n = utf8.DecodeRuneInString(text[i:])
		switch {
		case r == '\n':
			b.WriteString("; ")
		case unicode.IsControl(r), r == utf8.RuneError && n == 1:
			quoted := strconv.Quote(text[i : i+n])
			b.WriteString(quoted[1 : len(quoted)-1])
		default:
			b.WriteString(text[i : i+n])
		}
	}
	return b.String()
}

// Logger returns a log.Logger whose lines begin with "vblade: " and have a level.
// What is written to its Writer is logged verbatim. Neither ever blocks.
func (j *Journal) Logger(level Level) *log.Logger {
	return log.New(levelWriter{j, level}, name, 0)
}

// levelWriter writes whole lines of a level.
type levelWriter struct {
	journal *Journal
	level   Level
}

// Write queues the output of one call.
func (w levelWriter) Write(p []byte) (int, error) {
	w.journal.add(w.level, append([]byte(nil), p...), nil)
	return len(p), nil
}
