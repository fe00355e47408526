// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// The disk of a guest that serves, in bytes, and how often it is written.
const (
	insideSize   = 2 << 20
	insideRounds = 3
)

// servesInside has a guest be the target. Its interface would send replies out of
// the very memory that frames are in, and let go of it early: vblade shares none
// with an AF_XDP socket there, only the ring that it receives by.
func (s *site) servesInside(mtu int) func(*testing.T) {
	return func(t *testing.T) {
		g := s.guest(t, "tap0", mtu)
		pid := g.serves(insideSize)
		g.shares(pid, 1)
		s.verifyInside(t, mtu)
		g.run("kill " + pid + "; while kill -0 " + pid + "; do sleep 0.1; done")
	}
}

// serves starts vblade in the guest, on a disk of so many bytes, and returns its
// process id.
func (sh *shell) serves(size int) string {
	sh.t.Helper()
	return strings.TrimSpace(sh.run(fmt.Sprintf(`rm -f /run/disk /run/vblade.log
		truncate -s %d /run/disk
		vblade -b 64 9 0 eth0 /run/disk >/run/vblade.log 2>&1 &
		for try in $(seq 300); do ! grep -q ^pid /run/vblade.log || break; sleep 0.1; done
		sed -n 's/^pid \([0-9]*\):.*/\1/p' /run/vblade.log`, size)))
}

// shares checks with how many sockets a vblade shares memory: the packet socket, to
// receive by its ring, and that of AF_XDP, to send.
func (sh *shell) shares(pid string, want int) {
	sh.t.Helper()
	got := strings.TrimSpace(sh.run("grep -o 'socket:.*' /proc/" + pid + "/maps | sort -u | wc -l"))
	if got != fmt.Sprint(want) {
		sh.t.Errorf("vblade shares memory with %s sockets; want %d", got, want)
	}
}

// verifyInside writes the disk that the guest on tap0 serves, and reads it, more
// than once.
func (s *site) verifyInside(t *testing.T, mtu int) {
	t.Helper()
	target, err := s.initiator(t, "tap0").Find(9, 0)
	if err != nil {
		t.Fatal(err)
	}
	if want := (mtu - 36) / 512; target.Sectors != want {
		t.Errorf("%d sectors a frame; want %d", target.Sectors, want)
	}
	random := rand.NewChaCha8([32]byte{})
	want, got := make([]byte, insideSize), make([]byte, insideSize)
	for range insideRounds {
		random.Read(want)
		if _, err := target.WriteAt(want, 0); err != nil {
			t.Fatal(err)
		}
		for range insideRounds {
			if _, err := target.ReadAt(got, 0); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Fatal("the disk holds other data than was written")
			}
		}
	}
}
