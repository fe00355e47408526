// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"errors"
	"sync"
	"sync/atomic"
)

// ErrEnded is the error of changes to a server that is ending.
var ErrEnded = errors.New("the server is ending")

// asks is the queue of functions that others have the leader call between two
// turns, because ports and exports belong to the leader.
type asks struct {
	some atomic.Bool // there are any

	mu      sync.Mutex
	serving bool // there is a leader to ask
	ended   bool
	list    []func()
}

// ask makes the leader call f between two turns, and returns when it has. Before
// the server serves, ask calls f itself.
func (s *Server) ask(f func()) error {
	a := &s.asks
	a.mu.Lock()
	switch {
	case a.ended:
		a.mu.Unlock()
		return ErrEnded
	case !a.serving:
		defer a.mu.Unlock()
		f()
		return nil
	}
	done := make(chan struct{})
	a.list = append(a.list, func() {
		f()
		close(done)
	})
	a.some.Store(true)
	a.mu.Unlock()
	s.host.Wake()
	<-done
	return nil
}

// tell makes the leader call f between two turns, and does not wait. If the
// server does not serve, f is not called.
func (s *Server) tell(f func()) {
	a := &s.asks
	a.mu.Lock()
	if !a.serving || a.ended {
		a.mu.Unlock()
		return
	}
	a.list = append(a.list, f)
	a.some.Store(true)
	a.mu.Unlock()
	s.host.Wake()
}

// start makes the leader answer asks from now on.
func (s *Server) start() {
	s.asks.mu.Lock()
	defer s.asks.mu.Unlock()
	s.asks.serving = true
	for _, p := range s.ports {
		s.makeKnown(p)
	}
	for _, e := range s.exports {
		s.repeat(e)
	}
}

// answerAsks calls the functions that the leader was asked to call.
func (s *Server) answerAsks() {
	a := &s.asks
	if !a.some.Load() {
		return
	}
	a.mu.Lock()
	list := a.list
	a.list = nil
	a.some.Store(false)
	a.mu.Unlock()
	for _, f := range list {
		f()
	}
}

// refuseAsks answers asks for the last time, and refuses later ones.
func (s *Server) refuseAsks() {
	s.asks.mu.Lock()
	s.asks.ended = true
	s.asks.some.Store(true)
	s.asks.mu.Unlock()
	s.answerAsks()
}
