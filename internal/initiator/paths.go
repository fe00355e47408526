// SPDX-License-Identifier: GPL-2.0-only

package initiator

import (
	"errors"
	"fmt"
	"time"
)

// Paths is one disk that several links lead to. A transfer goes over one link; a
// link on which nobody answers loses it to the next, where the whole transfer is
// repeated. So a write that was acknowledged may have late duplicates on every
// other link.
type Paths struct {
	// Moves counts the transfers that were repeated on another link.
	Moves int

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
		if err == nil || refused(err) || time.Now().After(end) {
			return err
		}
		p.Moves++
		p.Use(p.at + 1)
		p.renew()
	}
}

// refused reports whether an error is the target's own answer: another link would
// bring the same.
func refused(err error) bool {
	var disk *ATAError
	var protocol *AoEError
	return errors.As(err, &disk) || errors.As(err, &protocol)
}

// renew asks for the target on the path in use again, whose address and MTU may
// have changed since. Where nobody answers, the transfer will find that out.
func (p *Paths) renew() {
	old := p.paths[p.at]
	found, err := old.initiator.Find(old.Shelf, old.Slot)
	if err == nil {
		found.window = old.window
		p.paths[p.at] = found
	}
}
