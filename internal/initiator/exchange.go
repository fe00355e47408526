// SPDX-License-Identifier: GPL-2.0-only

package initiator

import (
	"errors"
	"fmt"
	"time"

	"vblade/internal/aoe"
)

// Exchange is a series of requests, of which Window are outstanding at a time.
type Exchange struct {
	Requests int // how many, numbered from 0
	Window   int // at most MaxWindow

	// Build writes request k into f, whose source address and tag are set
	// afterwards, and returns its length. It is called once for each k, in order.
	Build func(k int, f aoe.Frame) int
	// Reply is called with the reply to request k, and the time since k was sent
	// last. An error ends the exchange.
	Reply func(k int, f aoe.Frame, took time.Duration) error
	// Again changes a request that is about to be sent again. It may be nil.
	Again func(f aoe.Frame)
}

// request is an outstanding request, or an unused place for one.
type request struct {
	buf   []byte
	n     int // length of the request
	k     int // its number in the exchange
	tag   uint32
	busy  bool
	first time.Time     // when it was sent first
	sent  time.Time     // when it was sent last
	retry time.Duration // how long after that to send it again
}

// TimeoutError means that a request was not answered.
type TimeoutError struct {
	Target   string
	Patience time.Duration
}

// Error returns the message.
func (e *TimeoutError) Error() string {
	return fmt.Sprintf("%s: no answer in %v", e.Target, e.Patience)
}

// errInterrupted is returned by an exchange that Interrupt ended.
var errInterrupted = errors.New("interrupted")

// Run runs an exchange to its end. After an error, requests that are outstanding
// are forgotten, although the target may still execute them.
func (i *Initiator) Run(x Exchange) error {
	defer i.abandon()
	next, done := 0, 0
	for done < x.Requests {
		next = i.fill(x, next)
		n, err := i.collect(x)
		if err != nil {
			return err
		}
		done += n
		if n == 0 {
			if err := i.repeat(x); err != nil {
				return err
			}
		}
	}
	return nil
}

// abandon forgets every request.
func (i *Initiator) abandon() {
	for n := range i.requests {
		if i.requests[n].busy {
			i.release(n)
		}
	}
}

// release frees the place of request n.
func (i *Initiator) release(n int) {
	i.requests[n].busy = false
	i.free = append(i.free, n)
}

// fill sends requests from number next on, until the window is full, and returns
// the number of the next one.
func (i *Initiator) fill(x Exchange, next int) int {
	window := min(x.Window, MaxWindow)
	i.out = i.out[:0]
	now := time.Now()
	for next < x.Requests && MaxWindow-len(i.free) < window {
		n := i.free[len(i.free)-1]
		i.free = i.free[:len(i.free)-1]
		s := &i.requests[n]
		if s.buf == nil {
			s.buf = make([]byte, i.longest()) // not a buffer of the link, because it is sent again from here
		}
		f := aoe.Frame(s.buf)
		s.n = x.Build(next, f)
		i.counter++
		// The low byte is the index of the request. The rest tells a late reply to
		// an earlier request at this index from the one awaited.
		s.tag = i.counter<<8 | uint32(n)
		f.SetTag(s.tag)
		f.SetSrc(i.opts.MAC)
		s.k, s.busy, s.first, s.sent, s.retry = next, true, now, now, i.opts.Retry
		i.out = append(i.out, s.buf[:s.n])
		next++
	}
	i.send()
	return next
}

// send sends the frames in i.out. A frame that the link refuses will be repeated.
func (i *Initiator) send() {
	if len(i.out) > 0 {
		i.link.Send(i.out)
	}
}

// collect processes the replies that have arrived, and returns how many requests
// they answer.
func (i *Initiator) collect(x Exchange) (int, error) {
	got, err := i.receive()
	if err != nil {
		return 0, err
	}
	now := time.Now()
	answered := 0
	for _, f := range i.in[:got] {
		n, ok := i.match(f)
		if !ok {
			continue
		}
		s := &i.requests[n]
		i.release(n)
		answered++
		if err := x.Reply(s.k, f, now.Sub(s.sent)); err != nil {
			return answered, err
		}
	}
	return answered, nil
}

// match finds the request that a frame answers.
func (i *Initiator) match(f aoe.Frame) (int, bool) {
	if len(f) < aoe.HeaderLen || !f.Has(aoe.FlagResponse) {
		return 0, false
	}
	n := int(f.Tag() & (MaxWindow - 1))
	s := &i.requests[n]
	return n, s.busy && s.tag == f.Tag() && f.Command() == aoe.Frame(s.buf).Command()
}

// repeat waits for a reply until a request may be due to be repeated, and repeats
// those that are due. With Options.Poll it does not wait. It looks at the
// requests only when one may be due, because there may be many and replies come
// often.
func (i *Initiator) repeat(x Exchange) error {
	now := time.Now()
	if !now.Before(i.due) {
		if err := i.sendAgain(x, now); err != nil {
			return err
		}
	}
	if !i.opts.Poll && !i.wait(max(0, i.due.Sub(now))) {
		return errInterrupted
	}
	return nil
}

// sendAgain repeats the requests that are due, and sets i.due to when the next
// one may be. Requests that are sent later are due later.
func (i *Initiator) sendAgain(x Exchange, now time.Time) error {
	wait := i.opts.Retry
	i.out = i.out[:0]
	for n := range i.requests {
		s := &i.requests[n]
		if !s.busy {
			continue
		}
		if now.Sub(s.first) > i.opts.Patience {
			return &TimeoutError{aoe.Frame(s.buf).Address().String(), i.opts.Patience}
		}
		due := s.sent.Add(s.retry).Sub(now)
		if due <= 0 {
			s.sent, s.retry = now, 2*s.retry
			due = s.retry
			if x.Again != nil {
				x.Again(s.buf[:s.n])
			}
			i.out = append(i.out, s.buf[:s.n])
			i.Retransmissions++
		}
		wait = min(wait, due)
	}
	i.due = now.Add(wait)
	i.send()
	return nil
}
