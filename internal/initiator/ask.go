// SPDX-License-Identifier: GPL-2.0-only

package initiator

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"vblade/internal/aoe"
)

// How AskEach paces its questions, so many at a time. Every target on the LAN
// receives each of them; the pace keeps them from flooding the LAN and the
// receive buffers.
const (
	askBurst = 32
	askPause = 4 * time.Millisecond
)

// Ask is Discover for one address. There should be one target; it is returned once
// for every MAC that answers.
func (i *Initiator) Ask(a aoe.Address, within time.Duration, enough int) ([]*Target, error) {
	tag := rand.Uint32() // a target that did not receive the question cannot answer it
	if err := i.sendQueries([]aoe.Address{a}, tag); err != nil {
		return nil, err
	}
	return i.listen(within, enough, func(f aoe.Frame) bool { return f.Tag() == tag })
}

// AskEach asks for the targets of many addresses. It returns those that answer
// until some time after the last question, each once for every MAC, and at most
// so many for an address.
func (i *Initiator) AskEach(addresses []aoe.Address, within time.Duration, enough int) ([]*Target, error) {
	answers := make(map[aoe.Address]int, len(addresses))
	for _, a := range addresses {
		answers[a] = 0
	}
	var found []*Target
	tag := rand.Uint32()
	take := func(t *Target, f aoe.Frame) bool {
		a := t.Address()
		n, asked := answers[a]
		if f.Tag() == tag && asked && n < enough && !slices.ContainsFunc(found, t.isSame) {
			answers[a]++
			found = append(found, t)
		}
		return true
	}
	for len(addresses) > 0 {
		n := min(askBurst, len(addresses))
		if err := i.sendQueries(addresses[:n], tag); err != nil {
			return found, err
		}
		wait := askPause
		if addresses = addresses[n:]; len(addresses) == 0 {
			wait = within
		}
		if err := i.hear(wait, take); err != nil {
			return found, err
		}
	}
	return found, nil
}

// sendQueries asks for each target once. It fails unless the link accepts all of
// the questions.
func (i *Initiator) sendQueries(addresses []aoe.Address, tag uint32) error {
	frames := make([][]byte, len(addresses))
	for n, a := range addresses {
		f := make(aoe.Frame, aoe.MinLen)
		query(f, a)
		f.SetSrc(i.opts.MAC)
		f.SetTag(tag)
		frames[n] = f
	}
	sent, err := i.link.Send(frames)
	if err == nil && sent < len(frames) {
		err = errors.New("the link takes no frames")
	}
	if err != nil {
		return fmt.Errorf("send on %s: %w", i.link.Name(), err)
	}
	return nil
}

// Listen returns the targets that advertise themselves within a time, or the
// first so many of them, each once.
func (i *Initiator) Listen(within time.Duration, enough int) ([]*Target, error) {
	return i.listen(within, enough, func(aoe.Frame) bool { return true })
}

// listen is Listen for the frames that are wanted.
func (i *Initiator) listen(within time.Duration, enough int, wanted func(aoe.Frame) bool) ([]*Target, error) {
	var found []*Target
	err := i.hear(within, func(t *Target, f aoe.Frame) bool {
		if wanted(f) && len(found) < enough && !slices.ContainsFunc(found, t.isSame) {
			found = append(found, t)
		}
		return len(found) < enough
	})
	return found, err
}

// hear calls take with each target that a config reply describes, for a time,
// until take returns false, or until Interrupt.
func (i *Initiator) hear(within time.Duration, take func(*Target, aoe.Frame) bool) error {
	for end := time.Now().Add(within); time.Now().Before(end); {
		got, err := i.receive()
		if err != nil {
			return err
		}
		more := true
		for _, f := range i.in[:got] {
			if t, ok := i.newTarget(f); ok {
				more = take(t, f)
			}
		}
		if !more || !i.wait(max(0, time.Until(end))) {
			break
		}
	}
	return nil
}

// isSame reports whether other is the same target at the same MAC.
func (t *Target) isSame(other *Target) bool {
	return t.Address() == other.Address() && t.MAC == other.MAC
}
