// SPDX-License-Identifier: GPL-2.0-only

//go:build linux || freebsd

package netio

import (
	"errors"
	"sync"
	"sync/atomic"
)

// Host is the network interfaces of this host: it watches what becomes of them,
// and waits for all its Links at once. One goroutine at a time waits; any may
// open and close Links meanwhile.
type Host struct {
	config  HostConfig
	alarm   alarm
	woken   atomic.Bool // the alarm rings, or is about to
	watcher *watcher
	waiter  waiter // of Wait alone

	changing sync.Mutex             // held to replace links
	links    atomic.Pointer[roster] // those that take part in Wait

	// using is held for reading by whoever looks into memory that links receive
	// into, and for writing to take that memory away.
	using     sync.RWMutex
	excluding atomic.Int32 // how many are about to write-lock using
}

// roster is the links of a Host. It is replaced, never modified: whoever has
// loaded it needs no lock.
type roster struct {
	links []*Link
	fds   []int // the alarm's, then those of the links that frames can come from
}

// NewHost returns a Host of the calling thread's network namespace. Its links
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

// Close closes the Host and those of its links that are open.
func (h *Host) Close() error {
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

// Silence ends the ringing of the alarm, for whoever has found its descriptor
// readable outside Wait. What the alarm rang for has to be looked at afterwards.
func (h *Host) Silence() {
	h.alarm.silence()
	h.woken.Swap(false) // not a Store: what was done before Wake is seen after Silence
}

// Ready tells whether Wait would return at once, as far as that can be told
// without a system call: a frame lies in the memory of some link, or the alarm
// rings. It is a hint: a frame that comes without a ring is not seen. Any
// goroutine may ask.
func (h *Host) Ready() bool {
	if !h.using.TryRLock() {
		return true // links change: Wait would return
	}
	defer h.using.RUnlock()
	return h.woken.Load() || h.links.Load().pending()
}

// Descriptors returns what becomes readable when Wait would return, the alarm
// first. The slice is never modified: when links come or go there is another,
// and the alarm rings.
func (h *Host) Descriptors() []int { return h.links.Load().fds }

// roster returns the links.
func (h *Host) roster() []*Link { return h.links.Load().links }

// pending tells whether a frame lies in the memory of some link.
func (r *roster) pending() bool {
	for _, l := range r.links {
		if l.pending() {
			return true
		}
	}
	return false
}

// join has a link take part.
func (h *Host) join(l *Link) {
	h.changing.Lock()
	defer h.changing.Unlock()
	h.replace(append(h.roster()[:len(h.roster()):len(h.roster())], l))
}

// part has a link no longer take part. When it returns nobody uses the link by
// the Host, but for the watcher.
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

// relist has Descriptors know which links frames can come from by now.
func (h *Host) relist() {
	h.changing.Lock()
	defer h.changing.Unlock()
	h.replace(h.roster())
}

// replace puts another roster in place. The caller holds h.changing.
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

// exclusively runs f while neither Wait nor Ready looks at the links. It ends a
// Wait.
func (h *Host) exclusively(f func()) {
	h.excluding.Add(1) // a Wait that begins from now on returns
	defer h.excluding.Add(-1)
	h.Wake() // one that has begun ends
	h.using.Lock()
	defer h.using.Unlock()
	f()
}
