// SPDX-License-Identifier: GPL-2.0-only

package lab

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestManager has a Manager store descriptors, some twice, and give them to a
// program, which reads from them.
func TestManager(t *testing.T) {
	m := NewManager(t)
	own := &net.UnixAddr{Name: filepath.Join(t.TempDir(), "own"), Net: "unixgram"}
	conn, err := net.ListenUnixgram("unixgram", own)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	send := func(message string, files ...*os.File) {
		t.Helper()
		var fds []int
		for _, f := range files {
			fds = append(fds, int(f.Fd()))
		}
		if _, _, err := conn.WriteMsgUnix([]byte(message), unix.UnixRights(fds...), &net.UnixAddr{Name: m.Path, Net: "unixgram"}); err != nil {
			t.Fatal(err)
		}
	}
	var files []*os.File
	for _, content := range []string{"first\n", "second\n"} {
		f, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(content); err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	send("FDSTORE=1\nFDNAME=e9.0\nFDPOLL=0", files[0])
	send("FDSTORE=1\nFDNAME=e9.1\nFDPOLL=0", files[1])
	send("FDSTORE=1\nFDNAME=e9.0\nFDPOLL=0", files[0])
	send("FDSTORE=1\nFDNAME=gone\nFDPOLL=0", files[0])
	send("FDSTOREREMOVE=1\nFDNAME=gone")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	send("BARRIER=1", w)
	w.Close()
	r.SetReadDeadline(time.Now().Add(patience))
	if _, err := r.Read(make([]byte, 1)); err != io.EOF {
		t.Fatalf("the barrier does not open: %v", err)
	}
	if names := m.Names(); !slices.Equal(names, []string{"e9.0", "e9.1"}) {
		t.Errorf("kept are %q", names)
	}
	out, err := m.Command([]string{"/bin/sh", "-c", `[ $LISTEN_PID = $$ ]; echo $? $LISTEN_FDS $LISTEN_FDNAMES; cat /dev/fd/3 /dev/fd/4`}).CombinedOutput()
	if want := "0 2 e9.1:e9.0\nsecond\nfirst\n"; err != nil || string(out) != want {
		t.Errorf("the program printed %q, %v; want %q", out, err, want)
	}
}
