// SPDX-License-Identifier: GPL-2.0-only

package initiator

import (
	"errors"
	"fmt"
	"time"

	"vblade/internal/aoe"
)

// Paths is one disk that several links lead to. A transfer goes over one link; a
// link on which nobody answers loses it to the next, where the whole transfer is
// repeated. So a write that was acknowledged may have late duplicates on every
// other link.
type Paths struct {
	// Repeats counts the transfers that were repeated, on another link or because
	// the link carries less than it did.
	Repeats int

	paths []*Target
	at    int // the path in use
	limit time.Duration
}

// NewPaths joins targets that an initiator on each link has found. A transfer may
// take so long, over all links together; each is left after its initiator's
// Options.Patience.
func NewPaths(limit time.Duration, targets ...*Target) (*Paths, error) {
	if len(targets) == 0 {
		return nil, errors.New("a disk needs a path")
	}
	for _, t := range targets {
		if t.Name() != targets[0].Name() {
			return nil, fmt.Errorf("%s and %s are not one disk", targets[0].Name(), t.Name())
		}
	}
	return &Paths{paths: targets, limit: limit}, nil
}

// Use has the next transfer try path i first.
func (p *Paths) Use(i int) { p.at = i % len(p.paths) }

// ReadAt fills b from the byte offset off of the disk, both whole sectors.
func (p *Paths) ReadAt(b []byte, off int64) (n int, err error) {
	err = p.try(func(t *Target) error { n, err = t.ReadAt(b, off); return err })
	return n, err
}

// WriteAt writes b at the byte offset off of the disk, both whole sectors.
func (p *Paths) WriteAt(b []byte, off int64) (n int, err error) {
	err = p.try(func(t *Target) error { n, err = t.WriteAt(b, off); return err })
	return n, err
}

// Flush returns once every write answered before is durable.
func (p *Paths) Flush() error { return p.try((*Target).Flush) }

// try does a transfer on the path in use, and on the next ones while there is time.
func (p *Paths) try(transfer func(*Target) error) error {
	for end := time.Now().Add(p.limit); ; {
		err := transfer(p.paths[p.at])
		if err == nil || time.Now().After(end) {
			return err
		}
		switch judge(err) {
		case final:
			return err
		case outdated:
			if !p.renew() {
				return err
			}
		case unanswered:
			p.Use(p.at + 1)
			p.renew()
		}
		p.Repeats++
	}
}

// verdict is what the end of a transfer says of its path.
type verdict int

// The verdicts.
const (
	unanswered verdict = iota // another path may do
	outdated                  // refused, as a frame is that holds more than the link carries now
	final                     // the target's own answer, the same on every path
)

// judge returns what an error says of the path.
func judge(err error) verdict {
	var disk *ATAError
	var protocol *AoEError
	switch {
	case errors.As(err, &protocol) && protocol.Code == aoe.ErrArgument:
		return outdated
	case errors.As(err, &protocol), errors.As(err, &disk):
		return final
	}
	return unanswered
}

// renew asks for the target on the path in use again, whose address and MTU may
// have changed since, and reports whether frames hold another number of sectors
// now. Where nobody answers, the transfer will find that out.
func (p *Paths) renew() bool {
	old := p.paths[p.at]
	found, err := old.initiator.Find(old.Shelf, old.Slot)
	if err != nil {
		return false
	}
	found.window = old.window
	p.paths[p.at] = found
	return found.Sectors != old.Sectors
}
