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

// condition is what the kernel says of the interface that has a Link's name.
type condition struct {
	index  int   // 0 where there is none
	master int   // of a bond or bridge that it is a part of, the index; else 0
	down   error // why it carries no frames, or nil
	mac    [6]byte
	mtu    int    // in bytes
	kind   string // of a virtual interface, such as veth; empty for a device's
}

// watcher hears of changes of the interfaces in the namespace of the thread
// that made it, and asks what has become of one. It does not rely on what the
// messages say: some may be lost, and what they tell may be over.
type watcher struct {
	events  *rtnetlink.Conn // hears
	queries *rtnetlink.Conn // asks
	closing chan struct{}   // closed to end the watching
	ended   chan struct{}   // closed when that is done
}

// newWatcher returns a watcher that hears of all changes from now on.
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

// read returns the condition that a message tells of.
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

// watchRetry is when to try again what the kernel has refused.
const watchRetry = time.Second

// watch has the links follow their interfaces until the watcher is closed.
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

// pause follows an error: messages were lost, or it is time to try again. It waits
// for what else is lost, and tells whether the watcher is closed.
func (w *watcher) pause() (closed bool) {
	select {
	case <-w.closing:
		return true
	case <-time.After(10 * time.Millisecond):
		return false
	}
}

// concerned tells whether messages may speak of the Link's interface: of the
// one that it had when it last looked, or of one that has the name.
func (l *Link) concerned(messages []rtnetlink.Message) bool {
	index := l.condition.Load().index
	return slices.ContainsFunc(messages, func(m rtnetlink.Message) bool {
		link, ok := m.(*rtnetlink.LinkMessage)
		return ok && (int(link.Index) == index || link.Attributes != nil && link.Attributes.Name == l.name)
	})
}

// update takes in the interface's condition, and has the receiver know where it
// has changed. After an error it has to be called again.
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
	} else if err = l.follow(now, was); err != nil {
		now.index, now.down = 0, ErrGone
	}
	if now == was {
		return err
	}
	l.MTU() // that frames are sent by
	l.condition.Store(&now)
	if was.master = now.master; now != was { // a new master is no change of the Link's
		l.changes.Add(1)
		l.host.Wake()
	}
	return err
}

// leave gives up what was bound to the interface that is gone: its memory is
// unlocked by the time that there is another.
func (l *Link) leave() {
	l.sendMu.Lock()
	defer l.sendMu.Unlock()
	l.dropSender()
}

// follow has the sockets follow an interface that is there to its condition now.
func (l *Link) follow(now, was condition) error {
	l.sendMu.Lock()
	defer l.sendMu.Unlock()
	if err := l.bind(now.index); err != nil {
		return err
	}
	if now.down != nil {
		return nil
	}
	if was.down != nil {
		l.setBypass(true) // the fall may have ended it
	}
	if l.wantFast && l.fast == nil && xdpSuits(now.kind, l.fd, l.name) {
		l.fast, _ = newXDPSender(now.index, l.fd, l.bufs) // else by sendmmsg
	}
	return nil
}

// dropSender has the Link send by sendmmsg alone. The caller holds sendMu.
func (l *Link) dropSender() {
	if l.fast != nil {
		l.fast.close()
		l.fast = nil
	}
}

// bind has the sockets leave an interface that is gone for another, which may
// have the same index. What the packet socket was set to it keeps.
func (l *Link) bind(index int) error {
	l.binding.Lock()
	defer l.binding.Unlock()
	sa, err := unix.Getsockname(l.fd)
	if err != nil {
		return fmt.Errorf("find the interface of a packet socket: %w", err)
	}
	if at, ok := sa.(*unix.SockaddrLinklayer); ok && at.Ifindex == index {
		return nil
	}
	if err := unix.Bind(l.fd, &unix.SockaddrLinklayer{Protocol: l.protocol, Ifindex: index}); err != nil {
		return fmt.Errorf("bind a packet socket to %s: %w", l.name, err)
	}
	l.dropSender()
	return nil
}
