// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jsimonetti/rtnetlink/v2"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// condition is what the kernel says about the interface that has a Link's name.
type condition struct {
	index  int   // 0 if there is none
	master int   // index of the bond or bridge that it is part of; 0 if none
	down   error // why it carries no frames, or nil
	mac    [6]byte
	mtu    int    // in bytes
	kind   string // of a virtual interface, such as veth; empty for a device's
}

// watcher learns of changes of the interfaces in the network namespace of the
// thread that made it, and asks for the condition of one. It does not rely on the
// content of messages: some may be lost or outdated.
type watcher struct {
	events  *rtnetlink.Conn // hears
	queries *rtnetlink.Conn // asks
	closing chan struct{}   // closed to end the watching
	ended   chan struct{}   // closed when that is done
}

// newWatcher returns a watcher that learns of all changes from now on.
func newWatcher() (*watcher, error) {
	events, err := rtnetlink.Dial(&netlink.Config{Groups: unix.RTMGRP_LINK})
	if err != nil {
		return nil, fmt.Errorf("watch the network interfaces by route netlink: %w", err)
	}
	queries, err := rtnetlink.Dial(nil)
	if err != nil {
		events.Close()
		return nil, fmt.Errorf("open a route netlink socket: %w", err)
	}
	return &watcher{events, queries, make(chan struct{}), make(chan struct{})}, nil
}

// close ends the watching, and returns when it has ended.
func (w *watcher) close() error {
	close(w.closing)
	w.events.Close() // ends the Receive of Host.watch
	<-w.ended
	return w.queries.Close()
}

// look returns the condition of the interface that has a name now. One that
// carries no Ethernet frames counts as none.
func (w *watcher) look(name string) (condition, error) {
	ask := &rtnetlink.LinkMessage{Attributes: &rtnetlink.LinkAttributes{Name: name}}
	found, err := w.queries.Execute(ask, unix.RTM_GETLINK, netlink.Request)
	if errors.Is(err, unix.ENODEV) {
		return condition{down: ErrGone}, nil
	}
	if err != nil {
		return condition{}, err
	}
	for _, m := range found {
		if link, ok := m.(*rtnetlink.LinkMessage); ok && link.Attributes != nil {
			return read(link), nil
		}
	}
	return condition{}, fmt.Errorf("the kernel's answer about interface %s says nothing of it", name)
}

// read returns the condition in a message.
func read(m *rtnetlink.LinkMessage) condition {
	c := condition{index: int(m.Index), mtu: int(m.Attributes.MTU)}
	copy(c.mac[:], m.Attributes.Address)
	if m.Attributes.Master != nil {
		c.master = int(*m.Attributes.Master)
	}
	if m.Attributes.Info != nil {
		c.kind = m.Attributes.Info.Kind
	}
	switch {
	case m.Type != unix.ARPHRD_ETHER && m.Type != unix.ARPHRD_LOOPBACK:
		return condition{down: ErrGone}
	case m.Flags&unix.IFF_UP == 0:
		c.down = ErrDown
	case m.Flags&unix.IFF_LOWER_UP == 0:
		c.down = ErrNoCarrier
	}
	return c
}

// watchRetry is when to ask the kernel again after an error.
const watchRetry = time.Second

// watch makes the links follow their interfaces until the watcher is closed.
func (h *Host) watch() {
	w := h.watcher
	defer close(w.ended)
	for {
		messages, _, err := w.events.Receive()
		if err != nil && w.pause() {
			return
		}
		failed := false
		for _, l := range h.roster() {
			if err != nil || l.concerned(messages) {
				failed = l.update() != nil || failed
			}
		}
		switch {
		case failed:
			w.events.SetReadDeadline(time.Now().Add(watchRetry))
		case err != nil: // every link has been looked at
			w.events.SetReadDeadline(time.Time{})
		}
	}
}

// pause waits a moment after an error, because more messages may be lost, and
// reports whether the watcher is closed.
func (w *watcher) pause() (closed bool) {
	select {
	case <-w.closing:
		return true
	case <-time.After(10 * time.Millisecond):
		return false
	}
}

// concerned reports whether messages may be about the Link's interface: the one
// that it had when it last looked, or one that has the name.
func (l *Link) concerned(messages []rtnetlink.Message) bool {
	index := l.condition.Load().index
	return slices.ContainsFunc(messages, func(m rtnetlink.Message) bool {
		link, ok := m.(*rtnetlink.LinkMessage)
		return ok && (int(link.Index) == index || link.Attributes != nil && link.Attributes.Name == l.name)
	})
}

// update asks for the interface's condition, and ends a Wait if it has changed.
// After an error it has to be called again.
func (l *Link) update() error {
	l.looking.Lock()
	defer l.looking.Unlock()
	if l.closed {
		return nil
	}
	now, err := l.host.watcher.look(l.name)
	if err != nil {
		return err
	}
	was := *l.condition.Load()
	if now.index == 0 {
		now.mac, now.mtu = was.mac, was.mtu // the last known
		l.leave()
	} else if err = l.follow(now); err != nil {
		now.index, now.down = 0, ErrGone
	}
	if now == was {
		return err
	}
	l.MTU() // which limits the frames that are sent
	l.condition.Store(&now)
	if was.master = now.master; now != was { // a new master is not a change of the Link
		l.changes.Add(1)
		l.host.Wake()
	}
	return err
}

// leave closes what was bound to the interface that is gone, so that its memory
// is unlocked before there is another interface.
func (l *Link) leave() { l.fitSender(condition{down: ErrGone}, true) }

// follow adapts the sockets to the condition of an interface that exists.
func (l *Link) follow(now condition) error {
	moved, err := l.bind(now.index)
	if err != nil {
		return err
	}
	l.bufs.touch(now.mtu) // otherwise reads into them may wait for memory
	l.fitSender(now, moved)
	return nil
}

// bind binds the packet socket to an interface if it is not bound to it, and
// reports whether it did. The old interface may have had the same index. The
// socket keeps its options.
func (l *Link) bind(index int) (moved bool, err error) {
	l.binding.Lock()
	defer l.binding.Unlock()
	sa, err := unix.Getsockname(l.fd)
	if err != nil {
		return false, fmt.Errorf("find the interface of a packet socket: %w", err)
	}
	if at, ok := sa.(*unix.SockaddrLinklayer); ok && at.Ifindex == index {
		return false, nil
	}
	if err := unix.Bind(l.fd, &unix.SockaddrLinklayer{Protocol: l.protocol, Ifindex: index}); err != nil {
		return false, fmt.Errorf("bind a packet socket to %s: %w", l.name, err)
	}
	return true, nil
}
