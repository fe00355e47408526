// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"context"
	"sync"
	"time"

	"vblade/internal/journal"
)

// Restore serves the exports from before a restart. It tries again, while Serve
// runs, to serve those that fail. It owns their disks.
func (s *Server) Restore(exports []*Export) {
	var looks sync.WaitGroup // exclusive ones look for other targets concurrently
	for _, export := range exports {
		e, _, _, err := s.table.arrive(export, false)
		if err != nil || e.Export != export {
			s.Log.Warnf("%s is there twice; the second is left out", journal.Export(export.Name()))
			export.Close()
			continue
		}
		looks.Add(1)
		restore := func() {
			defer looks.Done()
			err := s.serve(export)
			if err != nil {
				s.Log.Errorf("%s is not served again: %v; retrying", journal.Export(e.Name()), err)
			}
			s.table.settle(e, err)
		}
		if export.Exclusive {
			go restore()
		} else {
			restore()
		}
	}
	looks.Wait()
}

// retryFailed tries exports that could not be restored, until ctx ends.
func (s *Server) retryFailed(ctx context.Context) {
	tick := time.NewTicker(retryTime)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.Retry()
		}
	}
}

// Retry tries again to serve the exports that could not be restored.
func (s *Server) Retry() {
	for _, e := range s.table.retry() {
		err := s.serve(e.Export)
		s.table.settle(e, err)
		if err == nil {
			s.Log.Infof("%s is served again: %s", journal.Export(e.Name()), e.describe())
		}
	}
}
