// SPDX-License-Identifier: GPL-2.0-only

package journal

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// listen is a journal's socket that a test reads.
func listen(t *testing.T) (path string, socket *net.UnixConn) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "socket")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { socket.Close() })
	return path, socket
}

// receive returns the next datagram.
func receive(t *testing.T, socket *net.UnixConn) string {
	t.Helper()
	socket.SetReadDeadline(time.Now().Add(patience))
	b := make([]byte, 4096)
	n, err := socket.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

// about is an argument with two fields.
type about struct{}

// String is how it is printed.
func (about) String() string { return "e9.1: eth0" }

// Fields has a value of two lines.
func (about) Fields() []Field { return []Field{{"EXPORT", "e9.1"}, {"LINK", "eth\n0"}} }

// TestNative writes lines with fields, which go to the journal's socket, and without,
// which go to standard error; an export that is from a conf file has that too.
func TestNative(t *testing.T) {
	path, socket := listen(t)
	var out strings.Builder
	j := newJournal(&out, true, openNative(path))
	l := j.Log("")
	j.SetConf("e9.0", "/etc/vblade.conf.d/db.conf")
	l.Errorf("%s: by %s: %v%%", Export("e9.0"), Initiator("02:00:00:00:00:01"), 5)
	l.Infof("no fields: %s", "e9.0")
	l.Warnf("%v: waits", about{})
	j.SetConf("e9.0", "")
	l.Infof("%s on %s", Export("e9.0"), Link("eth1"))
	j.Close(patience)
	const who = "SYSLOG_IDENTIFIER=vblade\nSYSLOG_FACILITY=3\n"
	for _, want := range []string{
		"MESSAGE=vblade: e9.0 (db.conf): by 02:00:00:00:00:01: 5%\nPRIORITY=3\n" + who +
			"EXPORT=e9.0\nCONF=/etc/vblade.conf.d/db.conf\nINITIATOR=02:00:00:00:00:01\n",
		"MESSAGE=vblade: e9.1: eth0: waits\nPRIORITY=4\n" + who +
			"EXPORT=e9.1\nLINK\n\x05\x00\x00\x00\x00\x00\x00\x00eth\n0\n",
		"MESSAGE=vblade: e9.0 on eth1\nPRIORITY=6\n" + who + "EXPORT=e9.0\nLINK=eth1\n",
	} {
		if got := receive(t, socket); got != want {
			t.Errorf("the journal gets\n%q\nwant\n%q", got, want)
		}
	}
	if got, want := out.String(), "<6>vblade: no fields: e9.0\n"; got != want {
		t.Errorf("standard error gets %q; want %q", got, want)
	}
}

// TestNativeFails writes lines where the journal has no socket, or takes none any
// more: they go to standard error.
func TestNativeFails(t *testing.T) {
	path, socket := listen(t)
	gone := openNative(path)
	socket.Close()
	for name, n := range map[string]*native{
		"none": openNative(path + "/none"),
		"gone": gone,
	} {
		var out strings.Builder
		j := newJournal(&out, true, n)
		j.Log("").Warnf("%s: slow", Export("e9.0"))
		j.Close(patience)
		if got, want := out.String(), "<4>vblade: e9.0: slow\n"; got != want {
			t.Errorf("%s: standard error gets %q; want %q", name, got, want)
		}
	}
}
