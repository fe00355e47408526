// SPDX-License-Identifier: GPL-2.0-only

package initiator

import (
	"errors"
	"fmt"
	"time"

	"vblade/internal/aoe"
)

// Paths is a disk that can be reached over several links. A transfer goes over
// one link. If nobody answers there, the whole transfer is repeated over the next
// link. So an acknowledged write may have late duplicates on every other link.
type Paths struct {
	// Repeats counts the transfers that were repeated, on another link or because
	// the link carries less than it did.
	Repeats int

	paths []*Target
	at    int // the path in use
	limit time.Duration
}

// NewPaths joins targets that an initiator on each link has found. The limit is
// for a transfer over all links together; a link is given up after its
// initiator's Options.Patience.
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

// Use makes the next transfer try path i first.
func (p *Paths) Use(i int) { p.at = i % len(p.paths) }

// ReadAt fills b from the byte offset off of the disk. Both are multiples of the
// sector size.
func (p *Paths) ReadAt(b []byte, off int64) (n int, err error) {
	err = p.try(func(t *Target) error { n, err = t.ReadAt(b, off); return err })
	return n, err
}

// WriteAt writes b at the byte offset off of the disk. Both are multiples of the
// sector size.
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

// verdict is what the result of a transfer says about its path.
type verdict int

// The verdicts.
const (
	unanswered verdict = iota // another path may answer
	outdated                  // refused, as a frame that holds more than the link carries now
	final                     // the target's own answer, the same on every path
)

// judge returns what an error says about the path.
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

// renew finds the target on the path in use again, whose address and MTU may have
// changed, and reports whether frames hold another number of sectors now. If
// nobody answers, the transfer will find that out.
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
