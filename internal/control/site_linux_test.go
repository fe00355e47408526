// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/test/frametest"
)

// patience is how long a test waits for what must happen.
const patience = 10 * time.Second

// running is a Server that serves.
type running struct {
	*Server
	Client
	t       *testing.T
	lan     *lan
	engine  *engine
	journal *frametest.Log
	end     context.CancelFunc
	err     chan error
}

// newServer returns a Server that does not serve yet.
func newServer(t *testing.T, l *lan) *running {
	r := &running{t: t, lan: l, engine: newEngine(l), journal: new(frametest.Log), err: make(chan error, 1)}
	r.Server = NewServer(Config{Engine: r.engine, Log: r.journal, End: time.Second})
	return r
}

// start has it serve at a listener, which it closes at the end.
func (r *running) start(l *net.UnixListener) {
	ctx, cancel := context.WithCancel(context.Background())
	r.end = cancel
	r.Path = l.Addr().String()
	go func() {
		err := r.Serve(ctx, l)
		l.Close()
		r.err <- err
	}()
}

// wait waits for the end of Serve.
func (r *running) wait() error {
	r.t.Helper()
	select {
	case err := <-r.err:
		return err
	case <-time.After(patience):
		r.t.Fatal("Serve does not end")
		return nil
	}
}

// startServer starts a server for the length of the test, after which no
// descriptor may be open that was not before.
func startServer(t *testing.T, change ...func(*Config)) *running {
	t.Helper()
	path := filepath.Join(t.TempDir(), "control")
	warm(t, path+".first")
	before := descriptors(t)
	r := newServer(t, &lan{t: t, by: map[string]*engine{}})
	for _, f := range change {
		f(&r.Config)
	}
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	r.start(l)
	t.Cleanup(func() {
		r.end()
		r.wait()
		r.engine.end()
		if after := descriptors(t); len(after) != len(before) {
			t.Errorf("descriptors before: %v\nafter: %v\n%s", before, after, r.journal)
		}
	})
	return r
}

// warm has the runtime open what it keeps open.
func warm(t *testing.T, path string) {
	t.Helper()
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}

// descriptors returns what this process has open.
func descriptors(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil {
			all = append(all, e.Name()+" "+to)
		}
	}
	return all
}

// newExport returns an export of a new file, open for the length of the test.
func newExport(t *testing.T, shelf uint16, slot uint8, change ...func(*Export)) *Export {
	t.Helper()
	e := &Export{Shelf: shelf, Slot: slot, Links: []string{"eth0"}, Buffers: 16, Filename: filepath.Join(t.TempDir(), "disk")}
	if err := os.WriteFile(e.Filename, make([]byte, 8192), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, f := range change {
		f(e)
	}
	openDisk(t, e)
	return e
}

// openDisk opens e's file for the length of the test.
func openDisk(t *testing.T, e *Export) {
	t.Helper()
	var err error
	if e.Disk, err = ata.OpenFile(e.Filename, e.File); err != nil {
		t.Fatal(err)
	}
	disk := e.Disk
	t.Cleanup(func() { disk.Close() })
}

// mustAdd adds an export.
func (r *running) mustAdd(e *Export) *Answer {
	r.t.Helper()
	a, err := r.Add(e)
	if err != nil {
		r.t.Fatalf("add %s: %v", e.Name(), err)
	}
	return a
}

// wantError checks an error's text.
func wantError(t *testing.T, what string, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%s: %v; want %q", what, err, want)
	}
}

// masks are n MACs.
func masks(n int) []aoe.MAC {
	var all []aoe.MAC
	for i := range n {
		all = append(all, aoe.MAC{2, 0, 0, 0, byte(i >> 8), byte(i)})
	}
	return all
}
