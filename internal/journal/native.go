// SPDX-License-Identifier: GPL-2.0-only

package journal

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"strings"
)

// nativeSocket is where the systemd journal takes lines with fields.
const nativeSocket = "/run/systemd/journal/socket"

// native is a way to the systemd journal by its own protocol: a datagram a line
// (https://systemd.io/JOURNAL_NATIVE_PROTOCOL). A nil native takes nothing.
//
// Only lines with fields go this way. The journal finds out which unit a datagram is
// of by asking who its sender is, which it may do too late for the last line of a
// process; what comes by standard error it always knows.
type native struct{ conn net.Conn }

// openNative connects to the journal's socket at a path; nil if that cannot be done.
func openNative(path string) *native {
	conn, err := net.Dial("unixgram", path)
	if err != nil {
		return nil
	}
	return &native{conn}
}

// send sends lines of a level with fields, and tells whether the journal has taken
// all of them.
func (n *native) send(level Level, text []byte, fields []Field) bool {
	if n == nil || len(fields) == 0 {
		return false
	}
	for line := range bytes.Lines(text) {
		all := append([]Field{
			{"MESSAGE", strings.TrimSuffix(string(line), "\n")},
			{"PRIORITY", fmt.Sprint(int(level))},
			{"SYSLOG_IDENTIFIER", strings.TrimSuffix(name, ": ")},
			{"SYSLOG_FACILITY", "3"}, // as what comes by standard error has
		}, fields...)
		if _, err := n.conn.Write(datagram(all)); err != nil {
			return false
		}
	}
	return true
}

// close closes the connection.
func (n *native) close() {
	if n != nil {
		n.conn.Close()
	}
}

// datagram writes fields as the journal reads them: NAME=VALUE and a newline, and a
// value that holds newlines with its length before it.
func datagram(fields []Field) []byte {
	var b []byte
	for _, f := range fields {
		b = append(b, f.Name...)
		if strings.Contains(f.Value, "\n") {
			b = append(b, '\n')
			b = binary.LittleEndian.AppendUint64(b, uint64(len(f.Value)))
		} else {
			b = append(b, '=')
		}
		b = append(append(b, f.Value...), '\n')
	}
	return b
}
