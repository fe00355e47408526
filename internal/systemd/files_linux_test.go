// SPDX-License-Identifier: GPL-2.0-only

package systemd

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// asService is the environment variable that makes this program a service.
const asService = "VBLADE_SYSTEMD_SERVICE"

// TestMain runs the tests, or prints the files that it was given.
func TestMain(m *testing.M) {
	if os.Getenv(asService) == "" {
		os.Exit(m.Run())
	}
	for _, f := range Files() {
		info, err := f.Stat()
		flags, _ := unix.FcntlInt(f.Fd(), unix.F_GETFD, 0)
		fmt.Println(f.Name(), err == nil && info.Mode()&os.ModeNamedPipe != 0, flags == unix.FD_CLOEXEC)
	}
	fmt.Println(len(Files()), os.Getenv("LISTEN_PID")+os.Getenv("LISTEN_FDS")+os.Getenv("LISTEN_FDNAMES"))
}

// TestFiles starts services with files that are for them, or for others.
func TestFiles(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	for _, c := range []struct{ pid, count, names, want string }{
		{"$$", "2", "e9.0:e9.0-parameters", "e9.0 true true\ne9.0-parameters true true\n0 \n"},
		{"$$", "2", "e9.0", "e9.0 true true\nunknown true true\n0 \n"},
		{"$$", "1", "", "unknown true true\n0 \n"},
		{"1", "2", "a:b", "0 \n"},
		{"$$", "two", "a:b", "0 \n"},
		{"$$", "-1", "a:b", "0 \n"},
		{"", "", "", "0 \n"},
	} {
		cmd := exec.Command("/bin/sh", "-c", fmt.Sprintf(`LISTEN_PID=%s LISTEN_FDS=%s LISTEN_FDNAMES=%s exec "$0"`, c.pid, c.count, c.names), exe)
		cmd.Env = append(os.Environ(), asService+"=1")
		cmd.ExtraFiles = []*os.File{r, w}
		out, err := cmd.CombinedOutput()
		if err != nil || string(out) != c.want {
			t.Errorf("%+v: %v\n%s", c, err, out)
		}
	}
}
