// SPDX-License-Identifier: GPL-2.0-only

//go:build linux || freebsd

package netio

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
)

// Host is the network interfaces of this host. It watches them, and waits for all
// of its Links at once. One goroutine at a time waits; others may open and close
// Links meanwhile.
type Host struct {
	config  HostConfig
	alarm   alarm
	woken   atomic.Bool // the alarm rings, or is about to
	watcher *watcher
	waiter  waiter // of Wait alone
	closed  atomic.Bool

	changing sync.Mutex             // held to replace links
	links    atomic.Pointer[roster] // those that take part in Wait

	// using is held for reading to look into memory that links receive into, and
	// for writing to take that memory away.
	using     sync.RWMutex
	excluding atomic.Int32 // how many goroutines are about to write-lock using
}

// roster is the links of a Host. It is replaced, never modified, so it can be
// read without a lock.
type roster struct {
	links []*Link
	fds   []int // the alarm's, then those of the links that frames can come from
}

// NewHost returns a Host for the calling thread's network namespace. Its links
// have to be opened there too.
func NewHost(c HostConfig) (*Host, error) {
	h := &Host{config: c}
	var err error
	if h.alarm, err = newAlarm(); err != nil {
		return nil, err
	}
	if h.watcher, err = newWatcher(); err != nil {
		return nil, errors.Join(err, h.alarm.close())
	}
	h.replace(nil)
	go h.watch()
	return h, nil
}

// Close closes the Host and its open links. None of them may be used any more.
func (h *Host) Close() error {
	if h.closed.Swap(true) {
		return net.ErrClosed
	}
	var err error
	for _, l := range h.roster() {
		err = errors.Join(err, l.Close())
	}
	return errors.Join(err, h.watcher.close(), h.alarm.close())
}

// Wake ends this Wait, or the next. Any goroutine may call it.
func (h *Host) Wake() {
	if !h.woken.Swap(true) {
		h.alarm.ring()
	}
}

// Silence ends the ringing of the alarm, for a caller that has found its
// descriptor readable outside Wait. The caller then has to look at what the alarm
// rang for.
func (h *Host) Silence() {
	h.alarm.silence()
	h.woken.Swap(false) // not a Store: what was done before Wake is seen after Silence
}

// Descriptors returns the descriptors that become readable when Wait would
// return, the alarm's first. The slice is never modified: when links come or go
// it is replaced, and the alarm rings.
func (h *Host) Descriptors() []int { return h.links.Load().fds }

// roster returns the links.
func (h *Host) roster() []*Link { return h.links.Load().links }

// pending reports whether a frame is in the memory of some link.
func (r *roster) pending() bool {
	for _, l := range r.links {
		if l.pending() {
			return true
		}
	}
	return false
}

// join adds a link.
func (h *Host) join(l *Link) {
	h.changing.Lock()
	defer h.changing.Unlock()
	h.replace(append(h.roster()[:len(h.roster()):len(h.roster())], l))
}

// part removes a link. When it returns, only the watcher may still use the link.
func (h *Host) part(l *Link) {
	h.changing.Lock()
	defer h.changing.Unlock()
	var rest []*Link
	for _, other := range h.roster() {
		if other != l {
			rest = append(rest, other)
		}
	}
	h.replace(rest)
	h.exclusively(func() {})
}

// replace replaces the roster. The caller holds h.changing.
func (h *Host) replace(links []*Link) {
	r := &roster{links: links, fds: []int{h.alarm.descriptor()}}
	for _, l := range links {
		if fd := l.descriptor(); fd >= 0 {
			r.fds = append(r.fds, fd)
		}
	}
	h.links.Store(r)
	h.Wake()
}

// exclusively runs f while Wait does not look at the links. It ends a Wait that is in
// progress.
func (h *Host) exclusively(f func()) {
	h.excluding.Add(1) // a Wait that begins from now on returns
	defer h.excluding.Add(-1)
	h.Wake() // one that has begun returns
	h.using.Lock()
	defer h.using.Unlock()
	f()
}
