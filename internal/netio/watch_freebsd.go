// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/net/route"
	"golang.org/x/sys/unix"
)

// condition is what is known about the interface that a Link is bound to.
type condition struct {
	down error // why it carries no frames, or nil
	mtu  int   // in bytes, as far as it can be used
	mac  [6]byte
}

// linkStateDown is LINK_STATE_DOWN of <net/if.h>: there is no carrier.
const linkStateDown = 1

// watchPeriod is how long a change that the routing socket does not report can
// stay unnoticed. The kernel drops messages when the socket is full, and does not
// report a new MAC.
const watchPeriod = time.Second

// rebindAfter is how long a descriptor that has lost its interface is left alone.
// The kernel detaches descriptors from an interface a moment before it removes
// the name. A descriptor that is bound again in between would point to freed
// memory.
const rebindAfter = time.Second

// watcher learns of changes of the interfaces by a routing socket, route(4). It
// does not rely on the content of messages, which may be outdated.
type watcher struct {
	fd    int
	stop  alarm
	ended chan struct{} // closed when run has returned
}

// newWatcher returns a watcher that learns of all changes from now on.
func newWatcher() (*watcher, error) {
	stop, err := newAlarm()
	if err != nil {
		return nil, err
	}
	fd, err := unix.Socket(unix.AF_ROUTE, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.AF_UNSPEC)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open a routing socket: %w", err), stop.close())
	}
	return &watcher{fd, stop, make(chan struct{})}, nil
}

// watch looks at the links when an interface may have changed, until the watcher
// is closed.
func (h *Host) watch() {
	w := h.watcher
	defer close(w.ended)
	for looked := time.Now(); ; {
		fds := [2]unix.PollFd{
			{Fd: int32(w.stop.r), Events: unix.POLLIN},
			{Fd: int32(w.fd), Events: unix.POLLIN},
		}
		unix.Poll(fds[:], milliseconds(watchPeriod))
		if fds[0].Revents != 0 {
			return
		}
		// A socket that always has messages for others does not delay this.
		if w.heard() || time.Since(looked) >= watchPeriod {
			for _, l := range h.roster() {
				l.refresh()
			}
			looked = time.Now()
		}
	}
}

// mostHeard is how many messages are read before the links are looked at.
const mostHeard = 64

// heard reads the messages that there are, and reports whether one may have been
// about an interface; lost messages may have been.
func (w *watcher) heard() bool {
	var message [2 << 10]byte
	heard := false
	for range mostHeard {
		n, err := unix.Read(w.fd, message[:])
		if err != nil {
			return heard || err != unix.EAGAIN
		}
		if n > ifListType {
			kind := message[ifListType]
			heard = heard || kind == unix.RTM_IFINFO || kind == unix.RTM_IFANNOUNCE
		}
	}
	return heard
}

// close ends the watching, and returns when it has ended.
func (w *watcher) close() error {
	w.stop.ring()
	<-w.ended
	return errors.Join(unix.Close(w.fd), w.stop.close())
}

// Down says why the interface carries no frames at the moment: ErrDown,
// ErrNoCarrier or ErrGone; nil where it does.
func (l *Link) Down() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.condition.down
}

// MAC returns the address of the interface, or the last one if the interface is
// gone.
func (l *Link) MAC() [6]byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.condition.mac
}

// MTU asks the system for the interface's MTU in bytes, which may change at any
// time, as far as frames can be sent (longestFrame). If the system does not say,
// it returns the last one known.
func (l *Link) MTU() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.condition
	if req, ok := l.conn.boundTo(); ok && ioctl(l.host.watcher.fd, unix.SIOCGIFMTU, &req) == nil {
		now.mtu = cutMTU(int(req.value))
	}
	l.become(now)
	return now.mtu
}

// refresh updates the condition of the interface, and binds the descriptor to a
// new interface of its name.
func (l *Link) refresh() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	req, ok := l.conn.boundTo()
	if !ok && l.rebind() {
		req, ok = l.conn.boundTo()
	}
	if l.bound.Swap(ok) != ok {
		l.host.relist()
	}
	if !ok {
		l.become(l.condition.gone())
		return
	}
	l.lost = time.Time{}
	now, err := look(unix.ByteSliceToString(req.name[:]))
	switch {
	case err != nil: // it is looked at again in a while
	case now.down == ErrGone:
		l.become(l.condition.gone())
	default:
		l.become(now)
	}
}

// relist updates Descriptors after a change of the links that frames can come
// from.
func (h *Host) relist() {
	h.changing.Lock()
	defer h.changing.Unlock()
	h.replace(h.roster())
}

// rebind binds the descriptor to the interface of our name, if there is one and
// it is not the lost one.
func (l *Link) rebind() bool {
	if l.lost.IsZero() {
		l.lost = time.Now()
	}
	if time.Since(l.lost) < rebindAfter {
		return false
	}
	l.countDrops() // because the kernel's count begins again
	if l.conn.bind(l.name) != nil {
		return false
	}
	l.drops.restart()
	return true
}

// gone returns the condition of an interface that is gone and whose condition was
// c.
func (c condition) gone() condition { return condition{ErrGone, c.mtu, c.mac} }

// look returns the condition of the interface that has a name now.
func look(name string) (condition, error) {
	list, err := route.FetchRIB(unix.AF_LINK, route.RIBType(unix.NET_RT_IFLISTL), 0)
	if err != nil {
		return condition{}, fmt.Errorf("list the network interfaces: %w", err)
	}
	info, ok := findInList(list, name)
	if !ok {
		return condition{}.gone(), nil
	}
	now := condition{nil, cutMTU(info.mtu), info.mac}
	switch {
	case info.flags&unix.IFF_UP == 0:
		now.down = ErrDown
	case info.flags&unix.IFF_DRV_RUNNING == 0 || info.state == linkStateDown:
		now.down = ErrNoCarrier
	}
	return now, nil
}

// become sets the interface's condition. The caller holds l.mu.
func (l *Link) become(now condition) {
	if now != l.condition {
		l.condition = now
		l.changed()
	}
}

// changed counts a change, and then ends a Wait.
func (l *Link) changed() {
	l.changes.Add(1)
	l.host.Wake()
}
