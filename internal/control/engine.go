// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"os"
	"time"

	"vblade/internal/stats"
)

// Engine serves exports. Its methods may be called concurrently for different
// exports, but not for the same one.
type Engine interface {
	Measurer
	// CheckAlone refuses an export whose address another target serves already: not
	// the Engine itself. It takes up to some seconds.
	CheckAlone(Export) error
	// Add serves an export and owns its disk and state file from then on. Its error
	// says in a line why not, and what to do; then they remain the caller's.
	Add(Export) error
	// Remove ends an export: frames that come find nothing any more, what was
	// received is answered, the disk is synced, and disk and state file are closed.
	// Its error says what of that could not be done in time; the export is gone all
	// the same. If its disk hangs, the error is an unfinished one, and what is added
	// on that disk afterwards does not overtake the calls that hang.
	Remove(name string, within time.Duration) error
	// Announce advertises an export, or with an empty name all, and returns which
	// links carry no frames, and why: there it waits for the link.
	Announce(name string) (waiting []string, err error)
}

// Measurer knows the counters and the condition of the exports that an Engine
// serves.
type Measurer interface {
	// Stats returns the counters of all exports and links.
	Stats() stats.Server
	// Users returns what initiators have set on an export, and who they are.
	Users(name string) (stats.Users, error)
	// Waiting returns a line for each link of an export that carries no frames,
	// with the reason.
	Waiting(name string) []string
}

// Keeper keeps exports over a restart of the process.
type Keeper interface {
	// Keep keeps an export under its name, in place of what is kept there: what Encode
	// has written, and its descriptors. If it fails, nothing is kept there.
	Keep(name string, encoded []byte, files []*os.File) error
	// Drop forgets an export.
	Drop(name string) error
}

// Log is where a Server logs what was done. It must not block; journal.Log is
// one.
type Log interface {
	Errorf(format string, a ...any) // an export that should be served is not
	Warnf(format string, a ...any)  // something was refused, or only partly done
	Infof(format string, a ...any)  // what was done
}
