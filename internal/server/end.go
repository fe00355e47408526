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

// shown is the most unfinished requests that an error names.
const shown = 5

// finish waits until the crew has gone home and syncs the disks, all of it
// before the deadline. A disk that hangs shall not keep what was written to it
// from being synced: a quarter of the time is kept for that.
func (s *Server) finish(home <-chan struct{}, within time.Duration) error {
	deadline := time.Now().Add(within)
	var errs []error
	select {
	case <-home:
	case <-time.After(within * 3 / 4):
		errs = append(errs, s.errUnfinished())
	}
	synced := make([]<-chan error, len(s.exports))
	for i, b := range s.exports {
		synced[i] = b.sync()
	}
	for i, b := range s.exports {
		errs = append(errs, b.awaitSync(synced[i], deadline))
	}
	return join(errs)
}

// errUnfinished is the error that says which requests are in flight.
func (s *Server) errUnfinished() error {
	type rest struct {
		name string
		work ata.Work
	}
	var all []rest
	s.mu.Lock()
	for _, r := range s.requests {
		if r.flying {
			all = append(all, rest{r.export.Name(), r.Work})
		}
	}
	s.mu.Unlock()
	slices.SortFunc(all, func(a, b rest) int {
		return cmp.Or(strings.Compare(a.name, b.name), cmp.Compare(a.work.LBA, b.work.LBA))
	})
	var list []string
	for _, r := range all[:min(shown, len(all))] {
		list = append(list, r.name+": "+describe(r.work))
	}
	if len(all) > shown {
		list = append(list, "...")
	}
	if len(all) == 0 {
		return errors.New("a worker has not ended, although no request is unfinished")
	}
	return fmt.Errorf("%s not finished, the disk hangs: %s", plural(int64(len(all)), "request"), strings.Join(list, ", "))
}

// sync begins to make durable what was written to the export's disk.
func (b *export) sync() <-chan error {
	done := make(chan error, 1)
	go func() {
		var err error
		if !b.disk.ReadOnly() {
			_, err = b.disk.Do(ata.OpFlush, 0, nil)
		}
		done <- err
	}()
	return done
}

// awaitSync returns how a sync ended, or that it did not.
func (b *export) awaitSync(done <-chan error, deadline time.Time) error {
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("%s: the last sync failed: %w", b.Name(), err)
		}
		return nil
	case <-time.After(time.Until(deadline)):
		return fmt.Errorf("%s: the last sync has not ended: what was written is not known to be on the disk", b.Name())
	}
}
