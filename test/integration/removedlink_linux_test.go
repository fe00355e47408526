// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"vblade/test/slowdisk"
)

// packetSockets returns how many packet sockets there are on an interface.
func (s *site) packetSockets(name string) (n int) {
	s.t.Helper()
	err := s.host.Do(func() error {
		ifi, err := net.InterfaceByName(name)
		if err != nil {
			return err
		}
		list, err := os.ReadFile("/proc/thread-self/net/packet") // packet(7); the fifth word is the interface
		for line := range strings.Lines(string(list)) {
			if words := strings.Fields(line); len(words) > 4 && words[4] == strconv.Itoa(ifi.Index) {
				n++
			}
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// awaitNoSocket waits until there is no packet socket on an interface.
func (s *site) awaitNoSocket(name string) {
	s.t.Helper()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for late := time.Now().Add(patience); s.packetSockets(name) > 0; <-look.C {
		if time.Now().After(late) {
			s.t.Fatalf("a packet socket on %s remains open", name)
		}
	}
}

// TestRemovedLinkIsClosed removes the only export of a link, whose disk was read by
// io_uring: the kernel keeps no socket of the link. Then it is added again, and so on.
func TestRemovedLinkIsClosed(t *testing.T) {
	s := newServing(t)
	_, device := slowdisk.TestDevice(t, diskSize)
	for range 3 {
		s.must("add", "9", "0", "tgt0", "-d", device)
		if n := s.packetSockets("tgt0"); n == 0 {
			t.Error("there is no socket while it is served")
		}
		target := s.impatient(0)
		if _, err := target.ReadAt(make([]byte, 1<<20), 0); err != nil { // many requests at once
			t.Fatal(err)
		}
		s.must("remove", "e9.0")
		s.awaitNoSocket("tgt0")
	}
}
