// SPDX-License-Identifier: GPL-2.0-only

package frametest

import (
	"fmt"
	"strings"
	"sync"
)

// Log keeps what a server logs, for a test to read at any time. The zero Log is
// ready for use.
type Log struct {
	mu    sync.Mutex
	lines []logged
}

// logged is a line of a Log.
type logged struct{ level, text string }

// Errorf keeps a line of the level "error".
func (l *Log) Errorf(format string, a ...any) { l.add("error", format, a) }

// Warnf keeps a line of the level "warning".
func (l *Log) Warnf(format string, a ...any) { l.add("warning", format, a) }

// Infof keeps a line of the level "info".
func (l *Log) Infof(format string, a ...any) { l.add("info", format, a) }

// add keeps a line.
func (l *Log) add(level, format string, a []any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, logged{level, fmt.Sprintf(format, a...)})
}

// String returns all lines, as a terminal shows them.
func (l *Log) String() string {
	return l.text(func(line logged) string { return line.text })
}

// Leveled returns all lines, each behind its level, such as "warning: ".
func (l *Log) Leveled() string {
	return l.text(func(line logged) string { return line.level + ": " + line.text })
}

// text returns all lines as show shows them.
func (l *Log) text(show func(logged) string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	for _, line := range l.lines {
		b.WriteString(show(line) + "\n")
	}
	return b.String()
}

// Reset forgets all lines.
func (l *Log) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = nil
}

// Block makes every goroutine that logs wait, until release is called.
func (l *Log) Block() (release func()) {
	l.mu.Lock()
	return l.mu.Unlock
}
