// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"vblade/internal/ata"
	"vblade/internal/journal"
)

// DiskGone withdraws an export whose disk is gone or broken. It remains listed as
// not served until it is removed or added again. While it is coming or going
// DiskGone waits, until ctx ends. An export that has another disk by then goes on.
func (s *Server) DiskGone(ctx context.Context, name string, disk *ata.File, why error) {
	e, was, err := s.table.depart(name)
	for errors.Is(err, errAgain) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(againTime):
		}
		e, was, err = s.table.depart(name)
	}
	if err != nil { // it was removed meanwhile
		return
	}
	if e.Disk != disk {
		s.table.stay(e, was)
		return
	}
	s.drop(e)
	if was == serving {
		if err := s.Engine.Remove(e.Name(), s.End); err != nil {
			s.Log.Warnf("%s is withdrawn, but: %v", journal.Export(name), err)
		}
	}
	why = fmt.Errorf("withdrawn, its disk is gone or broken: %w", why)
	s.table.lose(e, why)
	s.Log.Errorf("%s: %v; when that is mended, add it again", journal.Export(name), why)
}
