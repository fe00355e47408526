// SPDX-License-Identifier: GPL-2.0-only

package lab

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Server is a `vblade serve`, to which exports are added and from which they are
// removed.
type Server struct {
	*Vblade
	Control string // the path of its control socket

	host    *Host
	program string
}

// StartServer starts a server inside the host, waits until it says that it is
// ready, as it says to a service manager, and ends it with the test. More
// arguments go to `vblade serve`.
func (h *Host) StartServer(t testing.TB, program string, args ...string) *Server {
	t.Helper()
	dir := t.TempDir()
	s := &Server{Control: filepath.Join(dir, "control"), host: h, program: program}
	s.run(t, args...)
	return s
}

// run starts the server and waits until it is ready.
func (s *Server) run(t testing.TB, args ...string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { manager.Close() })
	cmd := exec.Command(s.program, append([]string{"serve", "--control", s.Control}, args...)...)
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+path)
	s.Vblade = s.host.start(t, cmd)
	manager.SetReadDeadline(time.Now().Add(startPatience))
	for buf := make([]byte, 4096); ; {
		n, err := manager.Read(buf)
		if err != nil {
			s.Kill()
			t.Fatalf("vblade serve was not ready in %v: %v\n%s", startPatience, err, s.Stderr())
		}
		if bytes.HasPrefix(buf[:n], []byte("READY=1")) {
			return
		}
	}
}

// Replace has a new server take over what the running one serves, and returns
// once the new one is ready and the old one has ended.
func (s *Server) Replace(t testing.TB) error {
	t.Helper()
	old := s.Vblade
	s.run(t, "--replace")
	return old.Wait()
}

// Add adds an export, as `vblade add` does by these arguments, and returns the
// line that it printed.
func (s *Server) Add(args ...string) (string, error) {
	return s.command("add", args...)
}

// Remove removes an export, such as e9.0.
func (s *Server) Remove(name string) error {
	_, err := s.command("remove", name)
	return err
}

// Status returns what `vblade status` prints.
func (s *Server) Status(args ...string) (string, error) {
	return s.command("status", args...)
}

// command runs a command of the server's and returns what it printed.
func (s *Server) command(name string, args ...string) (string, error) {
	out, err := s.host.Output(s.program, append([]string{name, "--control", s.Control}, args...)...)
	if err != nil {
		return "", fmt.Errorf("vblade %s %s: %w: %s", name, strings.Join(args, " "), err, out)
	}
	return strings.TrimSuffix(string(out), "\n"), nil
}
