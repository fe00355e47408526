// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"vblade/internal/aoe"
)

// vbladed installs the vbladed script beside the program under test, with a
// logger that writes to a pipe, and returns a command and the pipe.
func (s *site) vbladed(args ...string) (*exec.Cmd, *os.File) {
	s.t.Helper()
	dir := s.t.TempDir()
	pipe := s.fifo()
	logger := fmt.Sprintf("#!/bin/sh\n[ \"$*\" = '-t vbladed' ] && exec cat >'%s'\n", pipe.Name())
	script, err := os.ReadFile("../../scripts/vbladed")
	if err != nil {
		s.t.Fatal(err)
	}
	for name, content := range map[string]string{"logger": logger, "vbladed": string(script)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o755); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := os.Symlink(s.vblade, filepath.Join(dir, "vblade")); err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(dir, "vbladed"), args...)
	cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
	return cmd, pipe
}

// TestVbladed starts a target in the background, of a file whose name has a
// space: when the script returns it serves, and the log has its line.
func TestVbladed(t *testing.T) {
	s := newSite(t, 1500)
	image := s.disk("a disk.img")
	cmd, log := s.vbladed("9", "0", "tgt0", image)
	pidfile := filepath.Join(t.TempDir(), "pid")
	cmd.Env = append(cmd.Env, "PIDFILE="+pidfile)
	if err := s.host.Do(cmd.Run); err != nil {
		t.Fatal(err)
	}
	s.find(aoe.MAC{})
	log.SetReadDeadline(time.Now().Add(10 * time.Second))
	line, err := bufio.NewReader(log).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Sscanf(line, "pid %d: e9.0, 16384 sectors O_RDWR\n", &pid); err != nil {
		t.Fatalf("the log has %q: %v", line, err)
	}
	if got, err := os.ReadFile(pidfile); string(got) != fmt.Sprintln(pid) {
		t.Errorf("the pid file holds %q, %v, want %d", got, err, pid)
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		t.Errorf("end pid %d: %v", pid, err)
	}
}

// TestVbladedFails starts one that cannot serve: the script says why and fails.
func TestVbladedFails(t *testing.T) {
	s := newSite(t, 1500)
	cmd, _ := s.vbladed("9", "0", "nosuch0", s.image)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	err := s.host.Do(cmd.Run)
	if err == nil || !strings.Contains(stderr.String(), "vbladed: vblade: interface nosuch0: no such network interface") {
		t.Errorf("%v, and on standard error: %s", err, stderr.String())
	}
}
