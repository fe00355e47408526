// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"sync"
	"testing"
	"time"
)

// TestWatchPatience blocks a leader by calls: a lone one may last longer before
// the lead is lost.
func TestWatchPatience(t *testing.T) {
	s := &Server{watch: newWatch()}
	s.vacant = sync.NewCond(&s.mu)
	done := make(chan struct{})
	defer close(done)
	go s.watchLeader(done)
	block := func(lone bool) time.Duration {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.leader = new(lead)
		begin := clock()
		s.watch.enter(lone)
		for s.leader != nil {
			s.vacant.Wait()
		}
		return clock() - begin
	}
	block(false) // the watch's first look may come at any time
	for range 3 {
		if took := block(true); took < lonePatience {
			t.Errorf("a lone call has lost the lead after %v; want at least %v", took, lonePatience)
		}
	}
	block(false) // the watch learns that the calls are not lone any more
	for range 100 {
		if took := block(false); took < patience {
			t.Errorf("a call has lost the lead after %v; want at least %v", took, patience)
		} else if took < lonePatience {
			return
		}
	}
	t.Errorf("no call has lost the lead before %v", lonePatience)
}
