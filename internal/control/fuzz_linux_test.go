// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vblade/test/frametest"
)

// pair returns the ends of a connection.
func pair(t *testing.T) (a, b *net.UnixConn) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	var ends [2]*net.UnixConn
	for i, fd := range fds {
		f := os.NewFile(uintptr(fd), "pair")
		c, err := net.FileConn(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		ends[i] = c.(*net.UnixConn)
	}
	return ends[0], ends[1]
}

// handful opens files of which a connection may hand over any.
func handful(t *testing.T, disk string) []*os.File {
	t.Helper()
	var all []*os.File
	for _, o := range []struct {
		path  string
		flags int
	}{
		{disk, os.O_RDWR}, {disk, os.O_RDONLY}, {disk, os.O_RDWR | os.O_SYNC}, {disk, os.O_RDWR | os.O_SYNC},
		{disk, unix.O_PATH}, {disk, os.O_WRONLY | os.O_APPEND}, {"/dev/null", os.O_RDWR}, {"/", os.O_RDONLY},
	} {
		fd, err := unix.Open(o.path, o.flags|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, os.NewFile(uintptr(fd), o.path))
	}
	return all
}

// FuzzConnection sends anything, with any descriptors, to a server: it answers
// with one line or ends the connection, keeps nothing open, and serves what it
// says it serves.
func FuzzConnection(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s+"\n"), []byte{}, uint(3))
		f.Add([]byte(s+"\n"), []byte{0}, uint(0))
		f.Add([]byte(s+"\n"+s+"\n"), []byte{1, 2, 3}, uint(1000))
	}
	f.Add([]byte(seeds[4]+"\n"), bytes.Repeat([]byte{2}, 200), uint(0))
	f.Add([]byte(seeds[5]+"\n"), []byte{1}, uint(0))
	disk := filepath.Join(f.TempDir(), "disk")
	if err := os.WriteFile(disk, make([]byte, 8192), 0o600); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data, which []byte, split uint) {
		all := handful(t, disk)
		defer closeAll(all)
		warmA, warmB := pair(t)
		warmA.Close()
		warmB.Close()
		before := descriptors(t)
		g := newEngine(&lan{t: t, by: map[string]*engine{}})
		s := NewServer(Config{Engine: g, Log: new(frametest.Log), End: time.Second})
		client, server := pair(t)
		answered := make(chan struct{})
		go func() {
			defer close(answered)
			defer server.Close()
			s.answer(context.Background(), server, all[0])
		}()
		var files []*os.File
		for _, i := range which[:min(len(which), 250)] {
			files = append(files, all[int(i)%len(all)])
		}
		at := min(int(split%(1<<20)), len(data))
		client.Write(data[:at])
		if at < len(data) {
			client.WriteMsgUnix(data[at:], rights(files), nil)
		}
		client.CloseWrite()
		client.SetReadDeadline(time.Now().Add(patience))
		said := hearAll(client)
		client.Close()
		select {
		case <-answered:
		case <-time.After(patience):
			t.Fatal("the server does not end the connection")
		}
		for _, line := range bytes.Split(bytes.TrimSuffix(said, []byte("\n")), []byte("\n")) {
			checkLine(t, line, g.count())
		}
		g.end()
		if after := descriptors(t); len(after) != len(before) {
			t.Errorf("descriptors before: %v\nafter: %v", before, after)
		}
	})
}

// hearAll returns all that a server says until it ends the connection. It closes the
// descriptors that come along: a successor gets some.
func hearAll(client *net.UnixConn) (said []byte) {
	for {
		chunk, control := make([]byte, 4096), make([]byte, rightsSpace(maxFiles))
		n, oob, _, _, err := client.ReadMsgUnix(chunk, control)
		came, _ := parseRights(control[:oob])
		closeAll(came)
		if said = append(said, chunk[:n]...); err != nil || n == 0 {
			return said
		}
	}
}

// checkLine checks a line that a server says, which serves so many exports.
func checkLine(t *testing.T, line []byte, serves int) {
	t.Helper()
	var r reply
	if err := json.Unmarshal(line, &r); len(line) > 0 && (err != nil || r.Vblade != protocol) {
		t.Errorf("it says %q: %v", line, err)
	}
	if strings.ContainsFunc(r.Error, isControl) {
		t.Errorf("its error is not for a log: %q", r.Error)
	}
	if r.Error == "" && r.PID != 0 && len(r.Exports) != serves {
		t.Errorf("it says %q and serves %d", line, serves)
	}
}
