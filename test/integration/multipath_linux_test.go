// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"errors"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/initiator"
)

// multipath is a disk that can be reached over several links. A transfer goes over
// one link. If nobody answers there, the whole transfer is repeated over the next
// link. So an acknowledged write may have late duplicates on every other link.
type multipath struct {
	repeats int // of transfers, on another link or because the link carries less than it did
	paths   []*initiator.Target
	at      int           // the path in use
	limit   time.Duration // for a transfer over all links together
}

// use makes the next transfer try path i first.
func (p *multipath) use(i int) { p.at = i % len(p.paths) }

// ReadAt fills b from the byte offset off of the disk. Both are multiples of the
// sector size.
func (p *multipath) ReadAt(b []byte, off int64) (n int, err error) {
	err = p.try(func(t *initiator.Target) error { n, err = t.ReadAt(b, off); return err })
	return n, err
}

// WriteAt writes b at the byte offset off of the disk. Both are multiples of the
// sector size.
func (p *multipath) WriteAt(b []byte, off int64) (n int, err error) {
	err = p.try(func(t *initiator.Target) error { n, err = t.WriteAt(b, off); return err })
	return n, err
}

// Flush returns once every write answered before is durable.
func (p *multipath) Flush() error { return p.try((*initiator.Target).Flush) }

// try does a transfer on the path in use, and on the next ones while there is time.
func (p *multipath) try(transfer func(*initiator.Target) error) error {
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
			p.use(p.at + 1)
			p.renew()
		}
		p.repeats++
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
	var disk *initiator.ATAError
	var protocol *initiator.AoEError
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
func (p *multipath) renew() bool {
	old := p.paths[p.at]
	found, err := old.Initiator().Find(old.Shelf, old.Slot)
	if err != nil {
		return false
	}
	found.SetWindow(pathWindow)
	p.paths[p.at] = found
	return found.Sectors != old.Sectors
}
