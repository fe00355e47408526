// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/mdlayher/packet"
	"golang.org/x/sys/unix"
)

// Link is a network interface's raw Ethernet socket. One goroutine receives
// and waits; any may send.
type Link struct {
	name  string
	mac   [6]byte
	fd    int // the packet socket
	alarm int // an eventfd that Interrupt rings

	mtuMu sync.Mutex
	ifreq *unix.Ifreq
	mtu   int

	linger bool          // Receive waits for a first frame
	spin   time.Duration // and stays awake so long
	pays   bool          // the last wait ended within spin
	in     batch
	sendMu sync.Mutex
	fast   *xdpSender // sends what it can; nil where it is not to be had
	bypass bool       // frames go past the queueing discipline
	out    batch
}

// Open opens a socket on the interface name. The filter is in force before the
// first frame can arrive.
func Open(name string, cfg Config) (*Link, error) {
	ifi, err := findInterface(name)
	if err != nil {
		return nil, err
	}
	conn, err := packet.Listen(ifi, packet.Raw, int(cfg.EtherType), &packet.Config{Filter: cfg.Filter})
	if errors.Is(err, unix.EPERM) {
		return nil, fmt.Errorf("open a packet socket on %s: %w (needs root or CAP_NET_RAW)", name, unix.EPERM)
	}
	if err != nil {
		return nil, fmt.Errorf("open a packet socket on %s: %w", name, err)
	}
	// packet.Conn has done its part: from here the socket is ours alone, away
	// from the runtime's poller, which costs more than the receiving itself.
	fd, err := ownDescriptor(conn)
	conn.Close()
	if err != nil {
		return nil, fmt.Errorf("take over the packet socket on %s: %w", name, err)
	}
	l, err := newLink(name, fd)
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	l.growReceiveBuffer(cfg.ReceiveBuffer)
	l.setBypass(true)
	if cfg.Fast {
		l.fast, _ = newXDPSender(ifi.Index) // else by sendmmsg
	}
	l.spin = cfg.Spin
	if err := l.setLinger(cfg.Linger); err != nil {
		l.Close()
		return nil, fmt.Errorf("set the receive time-out on %s: %w", name, err)
	}
	return l, nil
}

// ownDescriptor returns a descriptor of conn's socket that outlives conn.
func ownDescriptor(conn *packet.Conn) (int, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return -1, err
	}
	fd, dupErr := -1, error(nil)
	err = raw.Control(func(s uintptr) {
		fd, dupErr = unix.FcntlInt(s, unix.F_DUPFD_CLOEXEC, 0)
	})
	return fd, errors.Join(err, dupErr)
}

// newLink wraps a bound packet socket.
func newLink(name string, fd int) (*Link, error) {
	l := &Link{name: name, fd: fd}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return nil, fmt.Errorf("find the address of %s: %w", name, err)
	}
	ll, ok := sa.(*unix.SockaddrLinklayer)
	if !ok || ll.Hatype != unix.ARPHRD_ETHER && ll.Hatype != unix.ARPHRD_LOOPBACK {
		return nil, fmt.Errorf("interface %s is not Ethernet; name one that carries Ethernet frames", name)
	}
	l.mac = [6]byte(ll.Addr[:6])
	if l.ifreq, err = unix.NewIfreq(name); err != nil {
		return nil, fmt.Errorf("interface %s: %w", name, err)
	}
	if err := l.readMTU(); err != nil {
		return nil, fmt.Errorf("read the MTU of %s: %w", name, err)
	}
	if l.alarm, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return nil, fmt.Errorf("make an eventfd: %w", err)
	}
	return l, nil
}

// growReceiveBuffer asks for a receive buffer, beyond the system's limit where
// we may. Too small a buffer costs retransmissions, not data: no error.
func (l *Link) growReceiveBuffer(bytes int) {
	if bytes == 0 {
		return
	}
	if unix.SetsockoptInt(l.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, bytes) != nil {
		unix.SetsockoptInt(l.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, bytes)
	}
}

// setBypass says whether frames go to the interface past its queueing
// discipline, which is faster where it is allowed at all.
func (l *Link) setBypass(on bool) {
	value := 0
	if on {
		value = 1
	}
	l.bypass = unix.SetsockoptInt(l.fd, unix.SOL_PACKET, unix.PACKET_QDISC_BYPASS, value) == nil && on
}

// setLinger makes Receive wait, for a moment.
func (l *Link) setLinger(d time.Duration) error {
	l.linger = d > 0
	if !l.linger {
		return nil
	}
	tv := unix.NsecToTimeval(int64(d))
	return errors.Join(unix.SetNonblock(l.fd, false), unix.SetsockoptTimeval(l.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &tv))
}

// ReceiveBuffer returns the bytes that the kernel holds for us at the most, by
// the measure of Config.ReceiveBuffer.
func (l *Link) ReceiveBuffer() int {
	n, err := unix.GetsockoptInt(l.fd, unix.SOL_SOCKET, unix.SO_RCVBUF)
	if err != nil {
		return 0
	}
	return n / 2 // the kernel doubles what it is asked for
}

// Close closes the socket. Nothing else may use the Link any more.
func (l *Link) Close() error {
	if l.fast != nil {
		l.fast.close()
	}
	return errors.Join(unix.Close(l.fd), unix.Close(l.alarm))
}

// Name returns the name of the interface.
func (l *Link) Name() string { return l.name }

// MAC returns the address of the interface.
func (l *Link) MAC() [6]byte { return l.mac }

// MTU asks the interface for its MTU in bytes, which may change at any time.
// Where the system does not say it returns the last one known.
func (l *Link) MTU() int {
	l.mtuMu.Lock()
	defer l.mtuMu.Unlock()
	l.readMTU()
	return l.mtu
}

// readMTU reads the MTU into l.mtu.
func (l *Link) readMTU() error {
	if err := unix.IoctlIfreq(l.fd, unix.SIOCGIFMTU, l.ifreq); err != nil {
		return err
	}
	l.mtu = int(l.ifreq.Uint32())
	return nil
}

// Wait returns once there is something to receive, or limit has passed; a
// negative one never does. It returns false after Interrupt.
func (l *Link) Wait(limit time.Duration) bool {
	fds := [2]unix.PollFd{
		{Fd: int32(l.fd), Events: unix.POLLIN},
		{Fd: int32(l.alarm), Events: unix.POLLIN},
	}
	var ts *unix.Timespec
	if limit >= 0 {
		t := unix.NsecToTimespec(int64(limit))
		ts = &t
	}
	unix.Ppoll(fds[:], ts, nil) // interrupted by a signal it returns early, as if the limit had passed
	return fds[1].Revents == 0
}

// Interrupt ends this and every later Wait.
func (l *Link) Interrupt() {
	one := [8]byte{1} // an eventfd counts in host order; any non-zero count rings
	unix.Write(l.alarm, one[:])
}
