// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestListen makes the socket where there is nothing, a dead server's, a live
// one's, and something else.
func TestListen(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	path := filepath.Join(t.TempDir(), "vblade", "control")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v: %v", info.Mode(), err)
	}
	_, err = Listen(path)
	wantError(t, "a live server", err, "a server listens at "+path+" already; take over from it with: vblade serve --control "+path+" --replace")
	l.Close()
	if l, err = Listen(path); err != nil {
		t.Fatalf("a dead server: %v", err)
	}
	l.Close()
	if err := os.Remove(path); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Listen(path)
	wantError(t, "a file", err, "listen at "+path+": there is something else than a socket (name another path by --control)")
	_, err = Listen("/nowhere/at/all")
	wantError(t, "no directory", err, "mkdir /nowhere/at: no such file or directory (name another path by --control)")
	_, err = Listen(filepath.Join(t.TempDir(), strings.Repeat("x", 120)))
	wantError(t, "a long path", err, "invalid argument (name another path by --control)")
}

// TestDial connects where nobody listens.
func TestDial(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control")
	_, err := Client{path}.Status("")
	wantError(t, "no socket", err, "no server listens at "+path+"; start one with: vblade serve --control "+path)
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	_, err = Client{path}.Remove("e9.0")
	wantError(t, "a dead server", err, "no server listens at "+path)
	err = asNobody(t, func() error {
		_, err := Client{path}.Status("")
		return err
	})
	wantError(t, "another user", err, "connect to "+path+": permission denied; run it as root, or as one whom the mode of the socket lets write to it")
}

// asNobody does something as a user without rights, on a thread of its own, or
// skips the rest of the test.
func asNobody(t *testing.T, f func() error) error {
	t.Helper()
	done := make(chan error)
	may := true
	go func() {
		runtime.LockOSThread() // which ends with the goroutine
		if _, _, e := syscall.RawSyscall(unix.SYS_SETRESUID, 65534, 65534, 65534); e != 0 {
			may = false
			done <- e
			return
		}
		done <- f()
	}()
	err := <-done
	if !may {
		t.Skipf("missing: another user (%v); run as root", err)
	}
	return err
}

// TestNonsense sends what is no request, of which the server says why, and logs.
func TestNonsense(t *testing.T) {
	r := startServer(t)
	disk := newExport(t, 9, 0).Disk.Descriptors()
	good := `{"shelf":9,"slot":0,"links":["eth0"],"filename":"/d","buffers":16}`
	for _, c := range []struct {
		line, want string
		files      []*os.File
	}{
		{line: "", want: "unexpected EOF"},
		{line: "hello", want: "unexpected EOF"},
		{line: "hello\n", want: "not understood: invalid character 'h'"},
		{line: "{}\n", want: "this server speaks version 1 of the control protocol, not 0; use its own vblade, or restart it"},
		{line: `{"vblade":2,"do":"new","things":true}` + "\n", want: "this server speaks version 1 of the control protocol, not 2"},
		{line: `{"vblade":1,"do":"dance"}` + "\n", want: `there is no request "dance"; there are add, remove, status, announce and replace`},
		{line: `{"vblade":1,"do":"status","hidden":true}` + "\n", want: `not understood: json: unknown field "hidden"`},
		{line: `{"vblade":1,"do":"status"}` + "\n\n", want: "more than one line came"},
		{line: `{"vblade":1,"do":"status"}`, files: disk, want: "more than 128"},
		{line: `{"vblade":1,"do":"status"}` + "\n", files: disk, want: "status takes no export"},
		{line: `{"vblade":1,"do":"remove"}` + "\n", want: `"" is no address`},
		{line: `{"vblade":1,"do":"remove","name":"e09.0"}` + "\n", want: `"e09.0" is no address`},
		{line: `{"vblade":1,"do":"add"}` + "\n", want: "add takes an export"},
		{line: `{"vblade":1,"do":"add","export":` + good + "}\n", want: "0 descriptors do not fit the options"},
		{line: `{"vblade":1,"do":"add","export":` + strings.Replace(good, "9", "70000", 1) + "}\n", files: disk, want: "cannot unmarshal number 70000"},
		{line: `{"vblade":1,"do":"add","export":` + strings.Replace(good, "/d", `/d\nx`, 1) + "}\n", files: disk, want: `the file's name "/d\nx" has control characters`},
		{line: `{"vblade":1,"do":"add","export":` + strings.Replace(good, "eth0", `../x`, 1) + "}\n", files: disk, want: `"../x" cannot be an interface's name`},
		{line: strings.Repeat("x", maxRequest+5000) + "\n", want: "the line is longer than 65536 bytes"},
	} {
		if strings.Contains(c.want, "more than 128") {
			for len(c.files) <= maxFiles {
				c.files = append(c.files, disk...)
			}
		}
		conn, err := dial(r.Path)
		if err != nil {
			t.Fatal(err)
		}
		w := wire{conn}
		if len(c.line) > 0 {
			conn.WriteMsgUnix([]byte(c.line), rights(c.files), nil)
		}
		conn.CloseWrite()
		_, _, err = w.reply(patience)
		conn.Close()
		wantError(t, fmt.Sprintf("%.60q", c.line), err, c.want)
	}
	if n := strings.Count(r.journal.String(), "\n"); n > 17 { // the first is none
		t.Errorf("%d lines are logged:\n%s", n, r.journal)
	}
	if a, err := r.Status(""); err != nil || len(a.Exports) != 0 {
		t.Errorf("status afterwards: %+v, %v", a, err)
	}
}

// TestSilentClients has clients hold all places until they are told to go: the
// others wait for that.
func TestSilentClients(t *testing.T) {
	r := startServer(t)
	var silent []*net.UnixConn
	for range maxClients {
		conn, err := dial(r.Path)
		if err != nil {
			t.Fatal(err)
		}
		silent = append(silent, conn)
	}
	answered := make(chan error)
	go func() {
		_, err := r.Status("")
		answered <- err
	}()
	for _, conn := range silent {
		conn.Close()
	}
	if err := <-answered; err != nil {
		t.Error(err)
	}
}

// TestEndWithClients ends a server while clients say nothing.
func TestEndWithClients(t *testing.T) {
	r := startServer(t)
	for range maxClients + 1 {
		conn, err := dial(r.Path)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	began := time.Now()
	r.end()
	if err := r.wait(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > requestTime/2 {
		t.Errorf("it took %v", took)
	}
	r.err <- nil // for the end of the test
}
