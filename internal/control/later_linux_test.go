// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"bufio"
	"encoding/json"
	"net"
	"path/filepath"
	"strings"
	"testing"
)

// later is what a later version may add to an object of the protocol.
const later = `"later":{"more":[1]},`

// answering is a server that gives everyone one line.
func answering(t *testing.T, line string) string {
	path := filepath.Join(t.TempDir(), "control")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			bufio.NewReader(conn).ReadString('\n')
			conn.Write([]byte(line + "\n"))
			conn.Close()
		}
	}()
	return path
}

// TestLaterVersion has a client ask a later server, which adds fields to its reply at
// every level, and to an export that it hands over.
func TestLaterVersion(t *testing.T) {
	s := status{parameters: *newExport(t, 9, 0).parameters(), Name: "e9.0", State: Up, Figures: new(Figures), Users: new(Users)}
	line, err := json.Marshal(reply{Vblade: protocol, PID: 7, Exports: []status{s}, Interfaces: []Link{{Name: "eth0"}}})
	if err != nil {
		t.Fatal(err)
	}
	more := strings.ReplaceAll(string(line), "{", "{"+later)
	if n := strings.Count(more, later); n < 5 {
		t.Fatalf("only %d objects in %s", n, more)
	}
	more = strings.ReplaceAll(more, `"errors":{`+later, `"errors":{`) // of which any name is known
	a, err := Client{answering(t, more)}.Status("")
	if err != nil || a.PID != 7 || len(a.Exports) != 1 || a.Exports[0].Name != "e9.0" || a.Links[0].Name != "eth0" {
		t.Errorf("the reply is %+v, %v", a, err)
	}
	refusal := `{` + later + `"vblade":2,"pid":7,"error":"no, by a later rule"}`
	_, err = Client{answering(t, refusal)}.Status("")
	wantError(t, "a refusal", err, "no, by a later rule")

	one, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := decode(one, new(status)); err != nil {
		t.Error(err)
	}
	wantError(t, "an export of a handover", decode([]byte(strings.Replace(string(one), "{", "{"+later, 1)), new(status)), `unknown field "later"`)
}
