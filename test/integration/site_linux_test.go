// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/initiator"
	"vblade/test/lab"
	"vblade/test/peer"
	"vblade/test/slowdisk"
)

// Sizes of the test's disk.
const (
	sectorSize = 512
	diskSize   = 8 << 20 // bytes
)

// site is a host with a wire, tgt0 to ini0, and a disk to serve on it.
type site struct {
	t      *testing.T
	host   *lab.Host // where vblade runs
	far    *lab.Host // where initiators are, the same or another
	vblade string    // the program
	image  string    // the disk's file, of random bytes
}

// program is the vblade under test.
var program string

// TestMain builds the program and runs the tests, or does what one of them wants done
// in a process of its own.
func TestMain(m *testing.M) {
	if number := os.Getenv(refusalVar); number != "" {
		fmt.Fprintln(os.Stderr, becomeRefused(number))
		os.Exit(1)
	}
	lab.Main(m, &program)
}

// patience is how long a test waits for what must happen, before it fails.
const patience = 30 * time.Second

// newSite makes a site whose wire has the MTU given, in bytes.
func newSite(t *testing.T, mtu int) *site {
	t.Helper()
	s := &site{t: t, host: lab.TestHost(t), vblade: program}
	s.far = s.host
	if err := s.host.Wire("tgt0", "ini0", mtu); err != nil {
		t.Fatal(err)
	}
	s.image = s.disk("disk.img")
	return s
}

// disk makes a file of diskSize random bytes.
func (s *site) disk(name string) string {
	s.t.Helper()
	b := make([]byte, diskSize)
	random := rand.NewChaCha8([32]byte{1})
	random.Read(b)
	path := filepath.Join(s.t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// slowDisk mounts a disk of diskSize bytes that is as slow as the test makes it.
func (s *site) slowDisk() *slowdisk.Disk {
	s.t.Helper()
	return slowdisk.TestDisk(s.t, diskSize)
}

// fifo makes a named pipe for the length of the test and opens both its ends, so that
// nobody waits for a reader.
func (s *site) fifo() *os.File {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		s.t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { f.Close() })
	return f
}

// startPiped starts vblade with its standard error in a pipe, which it returns, to be
// read while vblade runs.
func (s *site) startPiped(args ...string) (*lab.Process, *os.File) {
	s.t.Helper()
	pipe := s.fifo()
	shell := []string{"-c", `exec "$@" 2>` + pipe.Name(), "sh", s.vblade}
	return s.host.StartVblade(s.t, "/bin/sh", append(shell, args...)...), pipe
}

// content returns the bytes of the disk's file.
func (s *site) content() []byte {
	s.t.Helper()
	b, err := os.ReadFile(s.image)
	if err != nil {
		s.t.Fatal(err)
	}
	return b
}

// open opens an initiator at the wire's other end, or at another interface.
func (s *site) open(netif string, o initiator.Options) *initiator.Initiator {
	s.t.Helper()
	return peer.Initiator(s.t, s.far, netif, o)
}

// find finds e9.0 from an address; the zero one is the interface's own.
func (s *site) find(mac aoe.MAC) *initiator.Target {
	s.t.Helper()
	t, err := s.open("ini0", initiator.Options{MAC: mac}).Find(9, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	return t
}

// findAs finds e9.slot at an interface, as an initiator that soon gives a request up: it
// tries again.
func (s *site) findAs(netif string, o initiator.Options, slot uint8) *initiator.Target {
	s.t.Helper()
	ini := s.open(netif, o)
	for end := time.Now().Add(patience); ; {
		target, err := ini.Find(9, slot)
		if err == nil {
			return target
		}
		if time.Now().After(end) {
			s.t.Fatal(err)
		}
	}
}

// containsAll reports whether a text contains each of some.
func containsAll(text string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(text, p) {
			return false
		}
	}
	return true
}
