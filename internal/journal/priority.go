// SPDX-License-Identifier: GPL-2.0-only

package journal

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// Level is how much a line matters: a priority of syslog(3).
type Level int

// The levels in use.
const (
	Error   Level = 3 // LOG_ERR
	Warning Level = 4 // LOG_WARNING
	Info    Level = 6 // LOG_INFO
)

// withPriority returns lines of a level as the systemd journal reads them: each
// begins with its level in angle brackets (sd-daemon(3)).
func withPriority(level Level, text []byte) []byte {
	var b bytes.Buffer
	for line := range bytes.Lines(text) {
		fmt.Fprintf(&b, "<%d>", level)
		b.Write(line)
	}
	return b.Bytes()
}

// isSystemd reports whether w is a file that the systemd journal reads: the one
// whose device and inode JOURNAL_STREAM names (systemd.exec(5)).
func isSystemd(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && stream(info) != "" && stream(info) == os.Getenv("JOURNAL_STREAM")
}
