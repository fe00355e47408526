// SPDX-License-Identifier: GPL-2.0-only

package journal

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"strings"
)

// nativeSocket is where the systemd journal receives lines with fields.
const nativeSocket = "/run/systemd/journal/socket"

// native is a connection to the systemd journal by its own protocol, a datagram
// for each line (https://systemd.io/JOURNAL_NATIVE_PROTOCOL). A nil native
// accepts nothing.
//
// Only lines with fields are sent this way. The journal finds out the unit of a
// datagram by looking at its sender, which may be too late for the last line of a
// process; it always knows the unit of lines on standard error.
type native struct{ conn net.Conn }

// openNative connects to the journal's socket at a path. It returns nil if it
// cannot.
func openNative(path string) *native {
	conn, err := net.Dial("unixgram", path)
	if err != nil {
		return nil
	}
	return &native{conn}
}

// send sends lines of a level with fields, and reports whether the journal has
// accepted all of them.
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

// datagram writes fields in the journal's format: NAME=VALUE and a newline, or
// for a value with newlines its length first.
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
