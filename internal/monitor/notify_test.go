// SPDX-License-Identifier: GPL-2.0-only

package monitor

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// manager is a service manager's end of the notifications.
type manager struct {
	t    *testing.T
	conn *net.UnixConn
}

// newManager has the test's process notify it.
func newManager(t *testing.T) *manager {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	return &manager{t, conn}
}

// hear returns the next message.
func (m *manager) hear() string {
	m.t.Helper()
	buf := make([]byte, 4096)
	m.conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	n, err := m.conn.Read(buf)
	if err != nil {
		m.t.Fatal(err)
	}
	return string(buf[:n])
}

// run runs a Notifier until the function that it returns is called.
func run(status func() string, complain func(error)) (n *Notifier, stop func()) {
	n = NewNotifier(status, complain)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		n.Run(ctx)
	}()
	return n, func() {
		cancel()
		<-ended
	}
}

// TestNotifications follows the life of a service: each message once, a status
// only where it is a new one.
func TestNotifications(t *testing.T) {
	m := newManager(t)
	var asked atomic.Int32
	n, stop := run(func() string { return fmt.Sprint("served ", asked.Add(1)/3) }, func(err error) { t.Error(err) })
	if got := m.hear(); got != "READY=1\nSTATUS=served 0" {
		t.Errorf("first: %q", got)
	}
	for range 3 {
		n.Beat()
		if got := m.hear(); got != "WATCHDOG=1" {
			t.Errorf("after a beat: %q", got)
		}
	}
	if got := m.hear(); got != "STATUS=served 1" || asked.Load() != 3 {
		t.Errorf("after %d questions, of which the third changed the answer: %q", asked.Load(), got)
	}
	stop()
	if got := m.hear(); got != "STOPPING=1" {
		t.Errorf("at the end: %q", got)
	}
}

// TestDeafManager fills the manager's ears: a beat blocks nobody.
func TestDeafManager(t *testing.T) {
	m := newManager(t)
	n, stop := run(func() string { return "" }, func(error) {})
	for range 100000 {
		n.Beat()
	}
	m.conn.Close() // lets go of the message that waits
	stop()
}

// TestNoManager checks that there is no Notifier where nobody listens, and that
// one complains once where nobody can be reached.
func TestNoManager(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	if NewNotifier(nil, nil) != nil {
		t.Error("there is a Notifier without a manager")
	}
	t.Setenv("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "nowhere"))
	complaints := 0
	n := NewNotifier(func() string { return "" }, func(error) { complaints++ })
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	n.Run(ctx)
	if complaints != 1 {
		t.Errorf("%d complaints of READY and STOPPING that could not be sent", complaints)
	}
}
