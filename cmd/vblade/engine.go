// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"sync"
	"time"

	"vblade/internal/control"
	"vblade/internal/stats"
)

// BUG(1): An export is served on one interface only.

// errSeveralLinks refuses several interfaces.
var errSeveralLinks = errors.New("several interfaces for an export are not supported; name one")

// engine is the control.Engine of "vblade serve": an export of its own for each.
type engine struct {
	log *log.Logger

	mu      sync.Mutex
	running map[string]*runningExport
}

// runningExport is an export that is served.
type runningExport struct {
	*export
	cancel context.CancelFunc
	ended  chan error
}

// newEngine returns an engine that serves nothing.
func newEngine(l *log.Logger) *engine { return &engine{log: l, running: map[string]*runningExport{}} }

// Add serves an export.
func (g *engine) Add(e control.Export) error {
	x := &export{log: g.log}
	o := options{shelf: e.Shelf, slot: e.Slot, netif: e.Links[0], links: e.Links, buffers: e.Buffers, masks: e.Masks}
	if err := x.openOn(o, e.Disk); err != nil {
		x.file = nil // the caller's
		x.close()
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &runningExport{export: x, cancel: cancel, ended: make(chan error, 1)}
	go func() { r.ended <- x.serve(ctx) }()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running[e.Name()] = r
	return nil
}

// Remove ends an export.
func (g *engine) Remove(shelf uint16, slot uint8, within time.Duration) error {
	name := fmt.Sprintf("e%d.%d", shelf, slot)
	g.mu.Lock()
	r := g.running[name]
	delete(g.running, name)
	g.mu.Unlock()
	return r.end(within)
}

// end ends an export and closes what it has open. Nothing is closed that a call
// may still use.
func (r *runningExport) end(within time.Duration) error {
	r.cancel()
	select {
	case err := <-r.ended:
		r.close()
		return err
	case <-time.After(within + goodbye):
		return errors.New("it does not end")
	}
}

// close ends all exports.
func (g *engine) close(within time.Duration) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	errs := make(chan error, len(g.running))
	for _, r := range g.running {
		go func() { errs <- r.end(within) }()
	}
	var first error
	for range g.running {
		if err := <-errs; err != nil && first == nil {
			first = err
		}
	}
	return first
}

// Stats returns what was counted.
func (g *engine) Stats() stats.Server {
	g.mu.Lock()
	defer g.mu.Unlock()
	var all stats.Server
	for _, r := range g.running {
		s := r.server.Stats()
		all.Exports = append(all.Exports, s.Exports...)
		all.Links = append(all.Links, s.Links...)
	}
	return all
}

// Pulse beats in intervals as long as the process does anything.
func (g *engine) Pulse(interval time.Duration, beat func()) {
	go func() {
		for range time.Tick(interval / 2) {
			beat()
		}
	}()
}
