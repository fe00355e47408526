// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"context"
	"slices"
	"sync"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/journal"
)

// rivals looks for other targets with the addresses that are served here. They
// may be other paths to the same disk; if not, initiators see now one disk, now the
// other. A link has a looker while there are addresses to ask for.
type rivals struct {
	log     *journal.Log
	known   rivalsKnown
	looking sync.WaitGroup // the lookers

	mu      sync.Mutex
	ctx     context.Context // of the serving; nil if it does not serve
	lookers map[string]*looker
	blind   map[string]bool           // links on which no looker can be opened, as was logged
	twice   map[aoe.Address]time.Time // when it was logged that a MAC is twice in a LAN
}

// rivalsKnown is what rivals needs of the server, which hears of them, too.
type rivalsKnown interface {
	// FoundRival notes that a rival of an export was found, and reports whether to
	// warn of it.
	FoundRival(name string, mac aoe.MAC) (warn bool)
	// Heard reports whether a config query with a tag was heard by an export
	// itself.
	Heard(name string, tag uint32) bool
}

// ownLink is what rivals needs to know about a link that an export is served on.
type ownLink interface {
	MAC() [6]byte // any goroutine may call it
}

// asked is an export whose rivals are looked for on an interface.
type asked struct {
	links []ownLink // its own, and those of others on the interface that have one of its MACs
	away  bool      // it is not served on the interface: who else serves it there is no rival
}

// newRivals returns a rivals that does not look until begin.
func newRivals(log *journal.Log, known rivalsKnown) *rivals {
	return &rivals{log: log, known: known, lookers: make(map[string]*looker),
		blind: make(map[string]bool), twice: make(map[aoe.Address]time.Time)}
}

// ask looks once for rivals of an address on an interface: at once, or when begin is
// called. Where a link has the export's own MAC, the interface is the one below it,
// because an answer to that MAC would go to whichever host has it. A look that fails is
// no reason not to serve.
func (r *rivals) ask(a aoe.Address, name string, what *asked) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.lookers[name]
	if l == nil {
		var err error
		if l, err = openLooker(r, name); err != nil {
			if !r.blind[name] {
				r.log.Warnf("%s: no look for other targets of the addresses served there: %v", journal.Link(name), err)
			}
			r.blind[name] = true
			return
		}
		delete(r.blind, name)
		r.lookers[name] = l
		r.start(l)
	}
	l.wanted[a] = what
}

// forget stops looking for rivals of an address that is no longer served.
func (r *rivals) forget(a aoe.Address) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.lookers {
		delete(l.wanted, a)
	}
	delete(r.twice, a)
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

// start starts a looker if begin was called. The caller holds r.mu.
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

// end waits for the lookers after begin's ctx has ended, and closes those that
// never looked.
func (r *rivals) end() {
	r.mu.Lock()
	r.ctx = nil // from now on ask starts none
	r.mu.Unlock()
	r.looking.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.lookers {
		l.ini.Close()
	}
	clear(r.lookers)
}

// rivalLook is how often rivals are looked for again.
const rivalLook = time.Minute

// watchRivals looks again and again until ctx ends.
func (s *site) watchRivals(ctx context.Context) {
	tick := time.NewTicker(rivalLook)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.lookAgain()
		}
	}
}

// lookAgain looks for the rivals that are known, to find out whether they still answer,
// and for rivals of exports with an address of their own: a macvlan interface does not
// receive what another host sends from the same address.
func (s *site) lookAgain() {
	names := s.server.Rivals()
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, e := range s.exports {
		if e.moves || slices.Contains(names, name) {
			s.lookFor(e)
		}
	}
}

// lookFor looks for rivals of an export on each of its interfaces, and asks for it on
// those where another export has one of its own addresses: if it answers there, both are
// in one LAN. The caller holds s.mu.
func (s *site) lookFor(e *served) {
	own, twins := s.own(e.links), s.twins(e)
	for _, name := range e.interfaces {
		s.rivals.ask(e.address, name, &asked{links: append(twins[name], own...)})
		delete(twins, name)
	}
	for name, links := range twins {
		s.rivals.ask(e.address, name, &asked{links: append(links, own...), away: true})
	}
}

// twins returns the links of other exports that have an address of one export's own, by
// the interface below them. The caller holds s.mu.
func (s *site) twins(e *served) map[string][]ownLink {
	on, own := make(map[string][]ownLink), s.own(e.links)
	for _, other := range s.exports {
		if !e.moves || !other.moves || other == e {
			continue
		}
		for i, l := range s.own(other.links) {
			if name := other.interfaces[i]; haveMAC(own, l.MAC()) > 0 {
				on[name] = append(on[name], l)
			}
		}
	}
	return on
}
