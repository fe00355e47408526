// SPDX-License-Identifier: GPL-2.0-only

package lab

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// Server is a `vblade serve` under a service manager that keeps descriptors for
// it.
type Server struct {
	*Process
	*Manager
	Control string // the path of its control socket
	State   string // the directory where exports that Add adds keep their state

	host    *Host
	program string
	args    []string
}

// StartServer starts a server inside the host, waits until it says that it listens,
// and ends it with the test. More arguments go to `vblade serve`.
func (h *Host) StartServer(t testing.TB, program string, args ...string) *Server {
	t.Helper()
	s := &Server{Manager: NewManager(t), Control: filepath.Join(t.TempDir(), "control"), State: t.TempDir(), host: h, program: program, args: args}
	s.begin(t)
	return s
}

// begin starts a server process and waits until it listens.
func (s *Server) begin(t testing.TB, more ...string) {
	t.Helper()
	args := append(append([]string{"serve", "--control", s.Control}, s.args...), more...)
	s.Process = s.StartCommand(s.host, s.Command(append([]string{s.program}, args...)))
}

// Crash kills the server and starts it again with the descriptors that it had
// stored. All its exports are back when Crash returns.
func (s *Server) Crash(t testing.TB) {
	t.Helper()
	s.Kill()
	s.begin(t)
}

// Replace starts a server that takes over from the one that runs, by the control
// socket alone, and returns how that one ended.
func (s *Server) Replace(t testing.TB) error {
	t.Helper()
	old := s.Process
	s.Forget()
	s.begin(t, "--replace")
	return old.Wait()
}

// Add adds an export, as `vblade add` does by these arguments, and returns the
// line that it printed.
func (s *Server) Add(args ...string) (string, error) {
	return s.ask("add", append([]string{"--state", s.State}, args...)...)
}

// Remove removes an export, such as e9.0.
func (s *Server) Remove(name string) error {
	_, err := s.ask("remove", name)
	return err
}

// Status returns what `vblade status` prints.
func (s *Server) Status(args ...string) (string, error) {
	return s.ask("status", args...)
}

// ask runs a command of vblade's on the server and returns what it printed.
func (s *Server) ask(name string, args ...string) (string, error) {
	out, err := s.host.Output(s.program, append([]string{name, "--control", s.Control}, args...)...)
	if err != nil {
		return "", fmt.Errorf("vblade %s %s: %w: %s", name, strings.Join(args, " "), err, out)
	}
	return strings.TrimSuffix(string(out), "\n"), nil
}
