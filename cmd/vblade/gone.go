// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"context"
	"errors"
	"fmt"

	"vblade/internal/ata"
	"vblade/internal/control"
)

// diskGone is the error of an export that has ended because its disk is gone or
// broken (--fail-stop).
type diskGone struct {
	name string // of the export
	disk *ata.File
	err  error // the error of the disk
}

// Error says what has failed, and that the export has ended.
func (g diskGone) Error() string {
	return fmt.Sprintf("%s has ended, since its disk is gone or broken: %v", g.name, g.err)
}

// goneStatus is the exit status after a diskGone, EX_IOERR of sysexits.h.
// Restarting on this host is of no use until the disk works again.
const goneStatus = 74

// exitStatus is the exit status of a program that ends with err.
func exitStatus(err error, getenv func(string) string) int {
	if errors.As(err, new(diskGone)) {
		return goneStatus
	}
	return refusalStatus(err, getenv)
}

// untilGone returns a context that ends with ctx, or once the disk of the site's
// only export is gone, with that as its cause.
func (s *site) untilGone(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case g := <-s.gone:
			cancel(g)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// withCause joins the diskGone that has ended a context of untilGone, if any,
// with the error of the end.
func withCause(ctx context.Context, undone error) error {
	var g diskGone
	switch {
	case !errors.As(context.Cause(ctx), &g):
		return undone
	case undone == nil:
		return g
	}
	return fmt.Errorf("%w; %w", g, undone)
}

// withdrawGone makes a server withdraw the exports whose disks are gone, until
// ctx ends.
func (s *site) withdrawGone(ctx context.Context, c *control.Server) {
	for {
		select {
		case g := <-s.gone:
			go c.DiskGone(ctx, g.name, g.disk, g.err)
		case <-ctx.Done():
			return
		}
	}
}
