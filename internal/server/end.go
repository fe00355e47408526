// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"vblade/internal/ata"
)

// shown is the most unfinished requests that an error lists.
const shown = 5

// finishAll waits until the crew has ended and syncs the disks, both before the
// deadline. A quarter of the time is reserved for the sync, even if requests
// hang.
func (s *Server) finishAll(home <-chan struct{}, within time.Duration) error {
	deadline := time.Now().Add(within)
	var errs []error
	select {
	case <-home:
	case <-time.After(within * 3 / 4):
		errs = append(errs, s.errUnfinished(nil))
	}
	exports := s.snapshot.Load().exports
	synced := make([]<-chan error, len(exports))
	for i, e := range exports {
		synced[i] = e.sync()
	}
	for i, e := range exports {
		errs = append(errs, e.awaitSync(synced[i], deadline), e.endSizing(deadline))
	}
	return join(errs)
}

// errUnfinished returns an error that says which requests are in flight, of one
// export or, with nil, of all.
func (s *Server) errUnfinished(of *export) error {
	type rest struct {
		name, what string
		lba        int64
	}
	var all []rest
	s.mu.Lock()
	for _, r := range s.requests {
		if r != nil && r.flying && (of == nil || r.export == of) {
			all = append(all, rest{r.export.Name(), r.describe(), r.Work.LBA})
		}
	}
	s.mu.Unlock()
	slices.SortFunc(all, func(a, b rest) int {
		return cmp.Or(strings.Compare(a.name, b.name), cmp.Compare(a.lba, b.lba))
	})
	var list []string
	for _, r := range all[:min(shown, len(all))] {
		list = append(list, r.name+": "+r.what)
	}
	if len(all) > shown {
		list = append(list, "...")
	}
	if len(all) == 0 {
		return errors.New("a worker has not ended, although no request is unfinished")
	}
	return fmt.Errorf("%s not finished, the disk hangs: %s", plural(int64(len(all)), "request"), strings.Join(list, ", "))
}

// sync begins to sync the export's disk. The channel is closed after its result.
func (e *export) sync() <-chan error {
	done := make(chan error, 1)
	go func() {
		defer close(done)
		var err error
		if !e.disk.ReadOnly() {
			_, err = e.disk.Do(ata.OpFlush, 0, nil)
		}
		done <- err
	}()
	return done
}

// SyncError is the error of an export whose last sync has failed. Nothing uses its
// disk any more, unless an UnfinishedError says so.
type SyncError struct {
	name string // of the export
	err  error
}

// Error says which export, and why.
func (e SyncError) Error() string { return fmt.Sprintf("%s: the last sync failed: %v", e.name, e.err) }

// Unwrap returns the disk's error.
func (e SyncError) Unwrap() error { return e.err }

// awaitSync returns the error of a sync, or that it has not ended.
func (e *export) awaitSync(done <-chan error, deadline time.Time) error {
	select {
	case err := <-done:
		if err != nil {
			return SyncError{e.Name(), err}
		}
		return nil
	case <-time.After(time.Until(deadline)):
		return fmt.Errorf("%s: the last sync has not ended: what was written is not known to be on the disk", e.Name())
	}
}
