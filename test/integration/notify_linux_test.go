// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"vblade/internal/ata"
	"vblade/test/lab"
	"vblade/test/slowdisk"
)

// watchdog is the interval in which a target under a manager must be heard of.
const watchdog = 2 * time.Second

// manager is a service manager's end of systemd's notify protocol.
type manager struct {
	t    *testing.T
	conn *net.UnixConn
}

// supervised starts a target under a manager.
func (s *site) supervised(args ...string) (*lab.Process, *manager) {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	env := []string{"NOTIFY_SOCKET=" + path, fmt.Sprintf("WATCHDOG_USEC=%d", watchdog.Microseconds()), s.vblade}
	return s.host.StartVblade(s.t, "/usr/bin/env", append(env, args...)...), &manager{s.t, conn}
}

// hear returns the next message.
func (m *manager) hear() string {
	m.t.Helper()
	buf := make([]byte, 4096)
	m.conn.SetReadDeadline(time.Now().Add(patience))
	n, err := m.conn.Read(buf)
	if err != nil {
		m.t.Fatal(err)
	}
	return string(buf[:n])
}

// await returns the next message that contains a text.
func (m *manager) await(text string) string {
	m.t.Helper()
	for end := time.Now().Add(patience); ; {
		message := m.hear()
		if strings.Contains(message, text) {
			return message
		}
		if time.Now().After(end) {
			m.t.Fatalf("no %s, but %s", text, message)
		}
	}
}

// awaitBeats waits for so many beats of the watchdog, none of them late.
func (m *manager) awaitBeats(n int) {
	m.t.Helper()
	clock := lab.NewClock(m.t)
	m.await("WATCHDOG=1")
	for range n {
		last := clock.Now()
		m.await("WATCHDOG=1")
		if gap := clock.Now() - last; gap > watchdog {
			m.t.Errorf("the watchdog bites after %v, and was fed after %v", watchdog, gap)
		}
	}
}

// TestNotify follows a target's life as its service manager sees it.
func TestNotify(t *testing.T) {
	s := newSite(t, 1500)
	st := s.newStation()
	v, m := s.supervised("9", "0", "tgt0", s.image)
	if got := m.hear(); !strings.HasPrefix(got, "READY=1\nSTATUS=e9.0: 0 reads 0 B, ") || strings.HasSuffix(got, "\n") {
		t.Errorf("the first message is %q", got)
	}
	m.awaitBeats(4)
	st.send(3, st.request(ata.Read, 1, 0, 0))
	m.await("STATUS=e9.0: 3 reads 1.5 kB, ")
	v.Signal(syscall.SIGTERM)
	for got := ""; got != "STOPPING=1"; got = m.hear() {
		if strings.HasPrefix(got, "STATUS=") {
			t.Errorf("nothing has changed, and the message is %q", got)
		}
	}
	if err := v.Wait(); err != nil {
		t.Error(err)
	}
}

// TestWatchdogOfServer has a server without an export idle: it is as healthy as one
// in use.
func TestWatchdogOfServer(t *testing.T) {
	s := newSite(t, 1500)
	_, m := s.supervised("serve", "--control", filepath.Join(t.TempDir(), "control"))
	m.await("READY=1")
	m.awaitBeats(3)
}

// TestWatchdogWithHangingDisk hangs a disk until as many requests of the target are
// in flight as may be: its loop is healthy, and feeds the watchdog. After a signal the
// target says that it stops, and waits for the disk.
func TestWatchdogWithHangingDisk(t *testing.T) {
	eachEngine(t, func(t *testing.T, s *site, disk *slowExport) {
		st := s.newStation()
		v, m := s.supervised(append([]string{"9", "0", "tgt0"}, disk.served...)...)
		m.await("READY=1")
		disk.Hang(slowdisk.Read)
		const flying = 304 // at least, of 320 buffers; the others are left to receive with
		for i := range uint64(flying + 100) {
			st.send(1, st.request(ata.Read, 1, 8*i, 0))
		}
		for n := 0; n < flying; {
			_, rest, _ := strings.Cut(m.await(" in flight, "), " masked out, ")
			s.must(fmt.Sscanf(rest, "%d in flight, ", &n))
		}
		m.awaitBeats(4)
		v.Signal(syscall.SIGTERM)
		m.await("STOPPING=1")
		if !v.Alive() {
			t.Error("SIGTERM ended it with requests in flight")
		}
		lab.CheckRings(t, v, disk.rings)
		disk.Release(slowdisk.Read)
		if err := v.Wait(); err != nil {
			t.Errorf("after a signal and the end of what was in flight: %v\n%s", err, v.Stderr())
		}
	})
}
