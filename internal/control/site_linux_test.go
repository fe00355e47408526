// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/stats"
	"vblade/test/frametest"
)

// patience is how long a test waits for what must happen.
const patience = 10 * time.Second

// lan checks that no address is served by two engines at once, and that nothing
// is served that its owner has closed.
type lan struct {
	t  *testing.T
	mu sync.Mutex
	by map[string]*engine
}

// engine is an Engine that serves nothing but on paper.
type engine struct {
	lan    *lan
	mu     sync.Mutex
	on     map[string]Export
	add    func(Export) error // asked before; nil for always
	undone error              // of each Remove
	rival  error              // of each CheckAlone

	stats stats.Server
	users map[string]stats.Users
	down  []string // of all exports

	announced []string
}

// newEngine returns an engine on a LAN.
func newEngine(l *lan) *engine { return &engine{lan: l, on: map[string]Export{}} }

// Stats returns what it was told.
func (g *engine) Stats() stats.Server {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.stats
}

// Users returns what it was told.
func (g *engine) Users(name string) (stats.Users, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	u, ok := g.users[name]
	if !ok {
		return u, errors.New("not here")
	}
	return u, nil
}

// Waiting returns what it was told.
func (g *engine) Waiting(string) []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.down
}

// CheckAlone knows what it was told.
func (g *engine) CheckAlone(Export) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.rival
}

// Add serves e.
func (g *engine) Add(e Export) error {
	g.mu.Lock()
	add := g.add
	g.mu.Unlock()
	if add != nil {
		if err := add(e); err != nil {
			return err
		}
	}
	if _, err := e.Disk.ReadAt([][]byte{make([]byte, 512)}, 0); err != nil {
		g.lan.t.Errorf("%s is to be served without a disk: %v", e.Name(), err)
	}
	if e.State != nil {
		if err := e.State.Lock(); err != nil {
			return err
		}
		if _, err := e.State.Load(); err != nil {
			g.lan.t.Errorf("%s is to be served without its state: %v", e.Name(), err)
		}
	}
	g.lan.mu.Lock()
	defer g.lan.mu.Unlock()
	if g.lan.by[e.Name()] != nil {
		g.lan.t.Errorf("%s is served twice", e.Name())
	}
	g.lan.by[e.Name()] = g
	g.mu.Lock()
	defer g.mu.Unlock()
	g.on[e.Name()] = e
	return nil
}

// Remove ends an export.
func (g *engine) Remove(name string, _ time.Duration) error {
	g.lan.mu.Lock()
	defer g.lan.mu.Unlock()
	g.mu.Lock()
	defer g.mu.Unlock()
	e, ok := g.on[name]
	if !ok {
		g.lan.t.Errorf("%s is removed and was not there", name)
		return nil
	}
	delete(g.on, e.Name())
	delete(g.lan.by, e.Name())
	return errors.Join(e.Close(), g.undone)
}

// Announce announces an export that is served, or all; eth9 is down.
func (g *engine) Announce(name string) (waiting []string, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, e := range g.on {
		if name == "" || name == e.Name() {
			g.announced = append(g.announced, e.Name())
			if slices.Contains(e.Links, "eth9") {
				waiting = append(waiting, "eth9: no carrier")
			}
		}
	}
	return waiting, nil
}

// set changes the engine.
func (g *engine) set(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f()
}

// get returns an export that is served.
func (g *engine) get(name string) Export {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.on[name]
}

// count is how many exports are served.
func (g *engine) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.on)
}

// end ends all exports, as the end of a process does.
func (g *engine) end() {
	for _, e := range maps.Clone(g.on) {
		g.Remove(e.Name(), 0)
	}
}

// keeper is a Keeper in memory.
type keeper struct {
	mu   sync.Mutex
	kept map[string]string
	err  error
	look func(files []*os.File) // at what is kept; nil for none

	drops int // so far
}

// get returns what is kept.
func (k *keeper) get() map[string]string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return maps.Clone(k.kept)
}

// fail has all calls fail from now on.
func (k *keeper) fail(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.err = err
}

// Keep keeps the parameters.
func (k *keeper) Keep(name string, encoded []byte, files []*os.File) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kept[name] = fmt.Sprintf("%s and %d files", encoded, len(files))
	if k.look != nil {
		k.look(files)
	}
	return k.err
}

// Drop forgets them.
func (k *keeper) Drop(name string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.kept, name)
	k.drops++
	return k.err
}

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
