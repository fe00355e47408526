// SPDX-License-Identifier: GPL-2.0-only

package confine_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"vblade/test/lab"
)

// What the environment tells a helper process, which is this program again:
// nothing undoes what it does to itself.
const (
	roleEnv = "VBLADE_CONFINE_ROLE"
	dirEnv  = "VBLADE_CONFINE_DIR"
)

// roles are what a helper process may do.
var roles = map[string]func(dir string) error{"inside": runInside, "old": runOld, "server": runServer}

// TestMain runs the tests, or the helper process.
func TestMain(m *testing.M) {
	run := roles[os.Getenv(roleEnv)]
	if run == nil {
		os.Exit(m.Run())
	}
	if err := run(os.Getenv(dirEnv)); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// wanted is what comes of what the confined process tries: the error's name, or
// that it is done.
var wanted = map[string]string{
	"read another file":                  "EACCES",
	"read another file, older threads":   "EACCES",
	"read another file, younger threads": "EACCES",
	"write another file":                 "EACCES",
	"truncate another file":              "EACCES",
	"remove another file":                "EACCES",
	"make a file":                        "EACCES",
	"list a directory":                   "EACCES",
	"execute a program":                  "EACCES",
	"connect by TCP":                     "EACCES",
	"bind by TCP":                        "EACCES",
	"signal another process":             "EPERM",
	"use an abstract socket":             "EPERM",
	"take a capability":                  "EPERM",
	"take an interface down":             "EPERM",

	"ask for the file's size":  "done",
	"ask for the path":         "done",
	"read":                     "done",
	"write":                    "done",
	"flush":                    "done",
	"open the file again":      "done",
	"use netlink":              "done",
	"open a packet socket":     "done",
	"bind the packet socket":   "done",
	"notify the system's init": "done",
	"signal itself":            "done",
}

// TestInside has a process confine itself and try what it may not do any more,
// and what it must still be able to.
func TestInside(t *testing.T) {
	host, dir := newSurroundings(t)
	checkConfined(t, host, dir, "inside", wanted)
}

// newSurroundings makes what is around a confined process: a host, and a directory
// with the process's file, another file, and a socket where init listens.
func newSurroundings(t *testing.T) (host *lab.Host, dir string) {
	t.Helper()
	host, dir = lab.TestHost(t), t.TempDir()
	for _, name := range []string{diskName, otherName} {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, 4096), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	err := host.Do(func() error { // abstract names belong to a network namespace
		receive(t, abstract)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	receive(t, filepath.Join(dir, notifyName))
	return host, dir
}

// checkConfined starts a helper process that confines itself, and checks what comes
// of what it tries.
func checkConfined(t *testing.T, host *lab.Host, dir, role string, wanted map[string]string) {
	t.Helper()
	cmd, line := startHelper(t, host, role, dir)
	if strings.Contains(line, "restrict it wholly by Landlock") {
		lab.Skip(t, "Landlock: "+strings.TrimSpace(line), "run on Linux 6.12 or later")
	}
	if line != "confined\n" {
		t.Fatalf("the process is not confined: %s", line)
	}
	results := fetch(t, host, filepath.Join(dir, resultName))
	for name, want := range wanted {
		switch got := results[name]; {
		case got == want:
		case name == "make an io_uring" && (got == "ENOSYS" || got == "EPERM"):
			t.Logf("io_uring is switched off here: %s", got)
		default:
			t.Errorf("%s: %q; want %q", name, got, want)
		}
	}
	if len(results) != len(wanted) {
		t.Errorf("%d results; want %d", len(results), len(wanted))
	}
	lab.CheckConfined(t, cmd.Process.Pid)
}

// receive opens a datagram socket for the length of the test.
func receive(t *testing.T, path string) {
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Error(err)
		return
	}
	t.Cleanup(func() { conn.Close() })
}

// startHelper starts a helper process for the length of the test and returns it
// with its first line.
func startHelper(t *testing.T, host *lab.Host, role, dir string) (*exec.Cmd, string) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), roleEnv+"="+role, dirEnv+"="+dir)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Start(cmd); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the helper process: %v", err)
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the helper process says %q: %v", line, err)
	}
	return cmd, line
}

// fetch gets the results from the confined process.
func fetch(t *testing.T, host *lab.Host, socket string) map[string]string {
	t.Helper()
	client := host.HTTPClient(t, "unix", socket)
	reply, err := client.Get("http://inside/")
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	results := map[string]string{}
	if err := json.NewDecoder(reply.Body).Decode(&results); err != nil {
		t.Fatal(err)
	}
	return results
}
