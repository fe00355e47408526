// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"vblade/internal/aoe"
	"vblade/internal/blade"
	"vblade/internal/journal"
)

// How many changes by peers are logged: so many at once, then one in an interval.
const (
	reportBurst = 10
	reportEvery = time.Second
)

// change is a change of who may use a blade.
type change struct {
	kind  blade.Change
	blade *blade.Blade
	by    aoe.MAC
	count int        // MACs in the list now
	first [3]aoe.MAC // of them
}

// reporter queues changes and rivals for the log, so that the leader does not
// wait for it, and limits them, because a peer can make any number of them.
type reporter struct {
	changes chan change   // to be logged
	rivals  chan rival    // likewise
	fewer   *rate.Limiter // of rivals
	missed  atomic.Int64  // changes that were dropped from the queue, since the last one was logged
}

// newReporter returns a reporter that has nothing to log.
func newReporter() reporter {
	return reporter{
		changes: make(chan change, reportBurst),
		rivals:  make(chan rival, rivalBurst),
		fewer:   rate.NewLimiter(rate.Every(rivalEvery), rivalBurst),
	}
}

// report queues a change for the log. It never blocks: a full queue drops its
// oldest entry, since the last one says how things are. Leader only.
func (s *Server) report(r *request) {
	b, list := r.Blade, r.Blade.Reservation()
	if r.Changed == blade.ChangedMasks {
		list = b.Masks()
	}
	c := change{kind: r.Changed, blade: b, by: r.Frame.Dst(), count: len(list)}
	copy(c.first[:], list)
	for {
		select {
		case s.reporter.changes <- c:
			return
		default:
		}
		select {
		case <-s.reporter.changes:
			s.reporter.missed.Add(1)
		default:
		}
	}
}

// logChanges logs changes and rivals, no faster than people read, until ctx ends.
func (s *Server) logChanges(ctx context.Context) {
	limit := rate.NewLimiter(rate.Every(reportEvery), reportBurst)
	for {
		select {
		case <-ctx.Done():
			return
		case c := <-s.reporter.changes:
			limit.Wait(ctx)
			s.logChange(c)
		case r := <-s.reporter.rivals:
			s.logRival(r)
		}
	}
}

// logRest logs the changes and rivals that are still queued.
func (s *Server) logRest() {
	for {
		select {
		case c := <-s.reporter.changes:
			s.logChange(c)
		case r := <-s.reporter.rivals:
			s.logRival(r)
		default:
			return
		}
	}
}

// logChange logs a change, and how many before it were not logged.
func (s *Server) logChange(c change) {
	if n := s.reporter.missed.Swap(0); n > 0 {
		s.log.Infof("not shown before this: %s by initiators", plural(n, "change"))
	}
	if c.kind == blade.SeizedReservation {
		s.log.Warnf("%s: %v", journal.Export(c.blade.Name()), c)
		return
	}
	s.log.Infof("%s: %v", journal.Export(c.blade.Name()), c)
}

// String says what changed.
func (c change) String() string {
	by := net.HardwareAddr(c.by[:]).String()
	what := ""
	switch {
	case c.kind == blade.ChangedMasks && c.count == 0:
		what = fmt.Sprintf("masks emptied by %s: every MAC is served", by)
	case c.kind == blade.ChangedMasks:
		what = fmt.Sprintf("masks changed by %s: served are %s", by, c.list())
	case c.count == 0:
		what = "released by " + by
	default:
		what = "reserved by " + by
		if !(c.count == 1 && c.first[0] == c.by) {
			what += " for " + c.list()
		}
	}
	if c.kind == blade.SeizedReservation {
		what += ", by force"
	}
	return what
}

// Fields has the initiator.
func (c change) Fields() []journal.Field {
	return journal.Initiator(net.HardwareAddr(c.by[:]).String()).Fields()
}

// list names the MACs in the list, the first of them if they are many.
func (c change) list() string {
	var names []string
	for _, m := range c.first[:min(c.count, len(c.first))] {
		names = append(names, net.HardwareAddr(m[:]).String())
	}
	text := strings.Join(names, ", ")
	if more := c.count - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
