// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// ringRetry is after what time a ring is tried again that the kernel has refused
// for a reason that may pass.
const ringRetry = 10 * time.Second

// ringFit says when a Link has to be given a ring, or another.
type ringFit struct {
	wanted bool      // a ring is to be had, as far as is known
	size   int       // bytes that it may have
	mtu    int       // that the ring was fitted to, or found not to fit
	again  time.Time // when to try again without a change of the MTU; zero for never
}

// due tells whether it is time to fit the ring to an MTU.
func (f *ringFit) due(mtu int, has bool) bool {
	return f.wanted && (mtu != f.mtu || !has && !f.again.IsZero() && time.Now().After(f.again))
}

// failed takes in why there is no ring, for good, for a while, or for an MTU.
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

// fitRing gives the Link a ring that suits the interface's MTU; none where a
// frame is too long for one. The receiver calls it, while nobody looks at the ring.
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

// hookAgain has the packet socket receive where its interface is up. The kernel
// forgets to see to that if the interface comes up just when a ring is changed. A
// frame that is sent meanwhile may be lost. The caller holds l.binding.
func (l *Link) hookAgain() {
	sa, err := unix.Getsockname(l.fd)
	if err != nil {
		return
	}
	at, ok := sa.(*unix.SockaddrLinklayer)
	if !ok || at.Ifindex <= 0 {
		return // the watcher binds it to the next
	}
	for _, protocol := range []uint16{noProtocol, l.protocol} { // to bind it as it is bound does nothing
		unix.Bind(l.fd, &unix.SockaddrLinklayer{Protocol: protocol, Ifindex: at.Ifindex})
	}
}
