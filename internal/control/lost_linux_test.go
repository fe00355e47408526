// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"context"
	"net"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// losing stands between clients and the server of r. It loses some of the requests, and
// the replies to others, as told before each.
type losing struct {
	r *running

	requests, replies atomic.Int32 // how many it loses next
}

// newLosing starts one, and returns it with a client of it.
func newLosing(t *testing.T, r *running) (*losing, Client) {
	x, path := &losing{r: r}, filepath.Join(t.TempDir(), "losing")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := l.AcceptUnix()
			if err != nil {
				return
			}
			if err := x.pass(wire{conn}); err != nil {
				t.Error(err)
			}
			conn.Close()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-ended
	})
	return x, Client{path}
}

// pass passes a request on, and the reply back, unless it loses them.
func (x *losing) pass(w wire) error {
	line, files, err := w.receive(context.Background(), maxRequest, maxFiles, patience)
	if err != nil {
		return err
	}
	defer closeAll(files)
	if lose(&x.requests) {
		return nil
	}
	conn, err := dial(x.r.Path)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := (wire{conn}).sendLine(line, files, patience); err != nil {
		return err
	}
	reply, _, err := wire{conn}.receive(context.Background(), maxReply, 0, patience)
	if err != nil {
		return err
	}
	if lose(&x.replies) {
		return nil
	}
	return w.sendLine(reply, nil, patience)
}

// lose reports whether to lose one more, of so many.
func lose(n *atomic.Int32) bool {
	if n.Load() == 0 {
		return false
	}
	n.Add(-1)
	return true
}

// TestLostReply loses the reply to what was done, and requests that so were not done:
// the client tells them apart.
func TestLostReply(t *testing.T) {
	r := startServer(t)
	x, c := newLosing(t, r)
	done := func(what string, want Outcome, f func() (*Answer, error)) {
		t.Helper()
		x.replies.Store(2) // that to the first question, too
		if a, err := f(); err != nil || a.Did != want || len(a.Warnings) != 1 {
			t.Errorf("%s: %+v, %v", what, a, err)
		}
	}
	one, other, moved := newExport(t, 9, 0), newExport(t, 9, 0), newExport(t, 9, 5)
	done("add", Added, func() (*Answer, error) { return c.Add(one) })
	done("change", Changed, func() (*Answer, error) { return c.Change(other) })
	done("move", Added, func() (*Answer, error) { return c.Move(moved, "e9.0", false) })

	const want = "; it was not done"
	x.requests.Store(1)
	_, err := c.Change(newExport(t, 9, 5))
	wantError(t, "change", err, want)
	x.requests.Store(1)
	_, err = c.Add(newExport(t, 9, 5))
	wantError(t, "add another", err, want)
	x.requests.Store(1)
	_, err = c.Move(one, "e9.5", false)
	wantError(t, "move", err, want)
	if got := r.engine.get("e9.5"); !got.Disk.SameFile(moved.Disk) || r.engine.count() != 1 {
		t.Errorf("%d exports are served, and as e9.5 %+v", r.engine.count(), got)
	}
}
