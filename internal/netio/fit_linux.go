// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// ringRetry is the time after which a ring is tried again if the kernel has
// refused it for a temporary reason.
const ringRetry = 10 * time.Second

// ringFit says when a Link needs a ring, or another one.
type ringFit struct {
	wanted bool      // a ring may be possible
	size   int       // of the ring, in bytes
	mtu    int       // for which a ring was made or refused
	again  time.Time // when to try again although the MTU has not changed; zero for never
}

// due reports whether it is time to fit the ring to an MTU.
func (f *ringFit) due(mtu int, has bool) bool {
	return f.wanted && (mtu != f.mtu || !has && !f.again.IsZero() && time.Now().After(f.again))
}

// failed notes why there is no ring: permanently, for a while, or for this MTU.
func (f *ringFit) failed(err error) {
	switch {
	case errors.As(err, new(mtuError)):
		f.again = time.Time{}
	case errors.Is(err, unix.EBUSY) || errors.Is(err, unix.ENOMEM) || errors.Is(err, unix.ENOBUFS) ||
		errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR):
		f.again = time.Now().Add(ringRetry)
	default:
		f.wanted = false
	}
}

// fitRing gives the Link a ring for the interface's MTU, or none if a frame is
// too long for one. The receiver calls it, while no other goroutine looks at the
// ring.
func (l *Link) fitRing() {
	r := &l.receiver
	r.fit.mtu = int(l.mtu.Load())
	if l.ring != nil && r.fit.mtu <= l.ring.mtu {
		return
	}
	l.binding.Lock()
	defer l.binding.Unlock()
	had := l.ring != nil
	if had {
		l.ring.close()
	}
	var err error
	if l.ring, err = newRing(l.fd, r.fit.size, r.fit.mtu); err != nil {
		r.fit.failed(err)
		why := err.Error()
		r.why.Store(&why)
	}
	r.withRing.Store(l.ring != nil)
	if had || l.ring != nil {
		l.hookAgain()
	}
}

// noProtocol is an EtherType that no frame has: it is reserved.
const noProtocol = 0xffff

// hookAgain makes the packet socket receive if its interface is up. The kernel
// fails to do that if the interface comes up while a ring is changed. A frame
// that is sent meanwhile may be lost. The caller holds l.binding.
func (l *Link) hookAgain() {
	sa, err := unix.Getsockname(l.fd)
	if err != nil {
		return
	}
	at, ok := sa.(*unix.SockaddrLinklayer)
	if !ok || at.Ifindex <= 0 {
		return // the watcher binds it to the next
	}
	for _, protocol := range []uint16{noProtocol, l.protocol} { // binding it to what it is bound to does nothing
		unix.Bind(l.fd, &unix.SockaddrLinklayer{Protocol: protocol, Ifindex: at.Ifindex})
	}
}
