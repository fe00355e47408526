// SPDX-License-Identifier: GPL-2.0-only

package systemd

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestNotify sends messages to a manager, by a path and by an abstract name, to one
// that is not there, and to none.
func TestNotify(t *testing.T) {
	for _, name := range []string{filepath.Join(t.TempDir(), "notify"), "@vblade-test-notify/" + filepath.Base(t.TempDir())} {
		l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv("NOTIFY_SOCKET", name)
		if err := Notify(Ready + "\nSTATUS=serves"); err != nil {
			t.Error(err)
		}
		b := make([]byte, 100)
		l.SetReadDeadline(time.Now().Add(10 * time.Second))
		if n, err := l.Read(b); err != nil || string(b[:n]) != "READY=1\nSTATUS=serves" {
			t.Errorf("%s gets %q, %v", name, b[:n], err)
		}
		l.Close()
		if err := Notify(Ready); err == nil {
			t.Errorf("%s is gone, and no error says so", name)
		}
	}
	os.Unsetenv("NOTIFY_SOCKET")
	if err := Notify(Ready); err != nil {
		t.Error(err)
	}
}

// TestWatchdogInterval reads the environment.
func TestWatchdogInterval(t *testing.T) {
	for _, c := range []struct {
		usec, pid string
		want      time.Duration
		fails     bool
	}{
		{"", "", 0, false},
		{"3000000", "", 3 * time.Second, false},
		{"3000000", "1", 0, false}, // another's
		{"soon", "", 0, true},
		{"-1", "", 0, true},
		{"0", "", 0, true},
		{"9223372036854775807", "", 0, true}, // of nanoseconds there are not as many
	} {
		t.Setenv("WATCHDOG_USEC", c.usec)
		t.Setenv("WATCHDOG_PID", c.pid)
		if got, err := WatchdogInterval(); got != c.want || (err != nil) != c.fails {
			t.Errorf("WATCHDOG_USEC=%s WATCHDOG_PID=%s: %v, %v", c.usec, c.pid, got, err)
		}
	}
}
