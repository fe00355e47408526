// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"vblade/internal/stats"
)

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
