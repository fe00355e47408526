// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"context"
	"sync"

	"vblade/internal/initiator"
	"vblade/internal/journal"
)

// rivals looks for other targets of the addresses that are served here. They may
// be other paths to the same disk; if not, an initiator sees now the one disk, now
// the other. On each link there is one looker, while there is something to ask.
type rivals struct {
	log     *journal.Log
	looking sync.WaitGroup // the lookers

	mu      sync.Mutex
	ctx     context.Context // of the serving; nil where there is none
	lookers map[string]*looker
}

// ownLink is what rivals needs of a link that an export is served on.
type ownLink interface {
	Name() string
	MAC() [6]byte // any goroutine may ask
}

// movingLink is the link below an interface that an export has for itself. Rivals are
// looked for on it: from the address that moves with the export, the answer of one that
// has the same address would not come back.
type movingLink struct {
	name string
	mac  [6]byte // of the export
}

// Name returns the name of the link.
func (l movingLink) Name() string { return l.name }

// MAC returns the address at which the export is served there.
func (l movingLink) MAC() [6]byte { return l.mac }

// asked is an export that rivals are looked for of.
type asked struct{ links []ownLink }

// newRivals returns a rivals that looks for none until begin.
func newRivals(log *journal.Log) *rivals {
	return &rivals{log: log, lookers: make(map[string]*looker)}
}

// ask has rivals of an address looked for, once on each link: at once, or from
// begin on. That they cannot be looked for is no reason not to serve.
func (r *rivals) ask(a initiator.Address, links []ownLink) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, link := range links {
		l := r.lookers[link.Name()]
		if l == nil {
			var err error
			if l, err = openLooker(r, link.Name()); err != nil {
				r.log.Warnf("%s: no look for other targets of the addresses served there: %v", link.Name(), err)
				continue
			}
			r.lookers[link.Name()] = l
			r.start(l)
		}
		l.wanted[a] = &asked{links: links}
	}
}

// forget ends the looking for rivals of an address that is served no more.
func (r *rivals) forget(a initiator.Address) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.lookers {
		delete(l.wanted, a)
	}
}

// begin begins to look, until ctx ends.
func (r *rivals) begin(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ctx = ctx
	for _, l := range r.lookers {
		r.start(l)
	}
}

// start starts a looker, where rivals are looked for already. The caller holds
// r.mu.
func (r *rivals) start(l *looker) {
	if r.ctx == nil || r.ctx.Err() != nil {
		return
	}
	r.looking.Add(1)
	go func(ctx context.Context) {
		defer r.looking.Done()
		l.look(ctx)
	}(r.ctx)
}

// end waits for the lookers after the end of begin's ctx, and closes those that
// never looked.
func (r *rivals) end() {
	r.mu.Lock()
	r.ctx = nil // whoever asks from now on starts none
	r.mu.Unlock()
	r.looking.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.lookers {
		l.ini.Close()
	}
	clear(r.lookers)
}
