// SPDX-License-Identifier: GPL-2.0-only

package endurance

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vblade/internal/aoe"
	"vblade/internal/initiator"
	"vblade/internal/netio"
	"vblade/test/lab"
	"vblade/test/peer"
)

const sectorSize = 512

// program is the vblade under test.
var program string

// TestMain builds the program.
func TestMain(m *testing.M) { lab.Main(m, &program) }

// endurance skips a test that takes long, or a machine that does nothing else,
// where no time is given for it; it returns that time.
func endurance(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("SOAK")
	if text == "" {
		t.Skip("takes its time: run by `make soak`, or with SOAK=20s")
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 || d > time.Hour {
		t.Fatalf("SOAK=%s is no duration up to an hour; give one like 20s or 10m", text)
	}
	return d
}

// buildRaced builds the program with the race detector, once.
var buildRaced = sync.OnceValues(func() (string, error) {
	path := filepath.Join(filepath.Dir(program), "vblade-race")
	return path, lab.Build(path, "-race")
})

// raced returns the program built with the race detector: it tells of every two
// accesses to memory that nothing orders. Such a build needs a C compiler.
func raced(t *testing.T) string {
	t.Helper()
	path, err := buildRaced()
	if err != nil {
		lab.Skip(t, "the race detector: "+err.Error(), "apt-get install gcc libc6-dev")
	}
	return path
}

// site is a host with a wire on which vblade serves.
type site struct {
	t    *testing.T
	host *lab.Host
	mac  aoe.MAC // of tgt0, vblade's end
}

// newSite makes a site with a wire, tgt0 to ini0, of MTU 1500.
func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, host: lab.TestHost(t)}
	s.must(s.host.Wire("tgt0", "ini0", 1500))
	s.must(s.host.Do(func() (err error) {
		s.mac, err = netio.Address("tgt0")
		return err
	}))
	return s
}

// must ends the test where its surroundings fail.
func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// memory makes a file that lies in memory alone, so that a flush costs nothing,
// and returns the path to open it by.
func (s *site) memory(content []byte) (*os.File, string) {
	s.t.Helper()
	fd, err := unix.MemfdCreate("disk", unix.MFD_CLOEXEC)
	s.must(err)
	f := os.NewFile(uintptr(fd), "disk")
	s.t.Cleanup(func() { f.Close() })
	_, err = f.WriteAt(content, 0)
	s.must(err)
	return f, fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), fd)
}

// station returns the address of initiator i.
func station(i int) aoe.MAC { return aoe.MAC{2, 0, 0, 0, 5, byte(i + 1)} }

// open opens an initiator on an interface; the caller closes it.
func (s *site) open(netif string, o initiator.Options) *initiator.Initiator {
	s.t.Helper()
	ini, err := peer.OpenInitiator(s.host, netif, o)
	s.must(err)
	return ini
}

// find finds a target, for the length of the test.
func (s *site) find(o initiator.Options, shelf uint16, slot uint8) *initiator.Target {
	s.t.Helper()
	ini := s.open("ini0", o)
	s.t.Cleanup(func() { ini.Close() })
	target, err := ini.Find(shelf, slot)
	s.must(err)
	return target
}

// link opens a bare socket on ini0 that sends and receives frames as they are.
func (s *site) link(cfg netio.Config) *peer.Station {
	s.t.Helper()
	var l *peer.Station
	s.must(s.host.Do(func() (err error) {
		l, err = peer.Open("ini0", cfg, netio.HostConfig{})
		return err
	}))
	s.t.Cleanup(func() { l.Close() })
	return l
}
