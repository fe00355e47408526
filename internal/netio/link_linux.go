// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/mdlayher/packet"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// Link is the raw Ethernet socket of the interface that has its name, even if
// that becomes another one. One goroutine receives; any may send.
type Link struct {
	host     *Host
	name     string
	protocol uint16 // the EtherType, in network byte order
	foreign  bool   // frames to other stations are received too
	fd       int    // the packet socket

	looking   sync.Mutex // held while the interface's condition is taken in
	closed    bool       // under looking: the Link is closed
	binding   sync.Mutex // held while the socket is bound, or its ring changed
	condition atomic.Pointer[condition]
	changes   atomic.Uint64

	mtuMu sync.Mutex
	ifreq *unix.Ifreq
	mtu   atomic.Int64 // as last read

	receiver receiver
	ring     *ring // of frames that have arrived; nil if they are received by recvmmsg

	drops drops

	senders senders
	serving sync.WaitGroup // serveBacklog
	unsent  atomic.Uint64

	sendMu     sync.Mutex // guards what follows; its holder never waits
	bufs       *pool
	fast       *xdpSender // the AF_XDP sender; nil if there is none
	whyNotFast string
	bypass     bool // frames bypass the queueing discipline
	whyQueued  string
	queued     time.Time // since when frames go through the queueing discipline; zero if they do not
	out        batch
	backlog    backlog
	mute       bool // nothing is sent any more
}

// Open opens a socket on the interface of a name, which takes part in Wait until
// it is closed. The filter is in force before the first frame can arrive. All
// sockets belong to the calling thread's network namespace, which has to be that
// of the Host.
func (h *Host) Open(name string, cfg Config) (*Link, error) {
	ifi, err := findInterface(name)
	if err != nil {
		return nil, err
	}
	program, err := guarded(cfg.Filter, cfg.Foreign)
	if err != nil {
		return nil, fmt.Errorf("assemble the filter of %s: %w", name, err)
	}
	conn, err := packet.Listen(ifi, packet.Raw, int(cfg.EtherType), &packet.Config{Filter: program})
	if errors.Is(err, unix.EPERM) {
		return nil, fmt.Errorf("open a packet socket on %s: %w (needs root or CAP_NET_RAW)", name, unix.EPERM)
	}
	if err != nil {
		return nil, fmt.Errorf("open a packet socket on %s: %w", name, err)
	}
	// From here on the socket is used without packet.Conn and the runtime's
	// poller, which costs more than the receiving itself.
	fd, err := ownDescriptor(conn)
	conn.Close()
	if err != nil {
		return nil, fmt.Errorf("take over the packet socket on %s: %w", name, err)
	}
	l := &Link{host: h, name: name, foreign: cfg.Foreign, fd: fd,
		senders: senders{wanted: cfg.Fast}, whyNotFast: notUpYet, backlog: backlog{patience: keepFor}}
	if !cfg.Fast {
		l.whyNotFast = notAsked
	}
	if err := l.setUp(cfg, ifi.MTU); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// layBuffers allocates the buffers, and makes the parts resident that frames of
// an MTU use.
func (l *Link) layBuffers(cfg Config, mtu int) (err error) {
	if cfg.Fast {
		AllowLocking()
	}
	if l.bufs, err = newPool(cfg.Buffers, spares(cfg.Fast, mtu), mtu, cfg.Align); err != nil {
		return err
	}
	l.bufs.lock()
	return l.bufs.touch(mtu)
}

// spares returns how many spare buffers a Link has: few if they are too long for
// AF_XDP, as on the loopback interface, which accepts all frames at once.
func spares(fast bool, mtu int) int {
	switch {
	case headerLen+mtu > xdpLongest:
		return MaxBatch / 4
	case fast:
		return xdpSpares
	}
	return MaxBatch
}

// Buffers returns the frame buffers, which are of 12 KiB, or as long as the MTU
// demanded in Open, in whole pages.
func (l *Link) Buffers() [][]byte { return l.bufs.upTo(l.bufs.lent) }

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

// setUp completes a Link whose packet socket is bound to an interface with an
// MTU.
func (l *Link) setUp(cfg Config, mtu int) error {
	if err := l.layBuffers(cfg, mtu); err != nil {
		return err
	}
	sa, err := unix.Getsockname(l.fd)
	if err != nil {
		return fmt.Errorf("find the address of %s: %w", l.name, err)
	}
	ll, ok := sa.(*unix.SockaddrLinklayer)
	if !ok || ll.Hatype != unix.ARPHRD_ETHER && ll.Hatype != unix.ARPHRD_LOOPBACK {
		return fmt.Errorf("interface %s is not Ethernet; name one that carries Ethernet frames", l.name)
	}
	l.protocol = ll.Protocol
	if l.ifreq, err = unix.NewIfreq(l.name); err != nil {
		return fmt.Errorf("interface %s: %w", l.name, err)
	}
	l.growReceiveBuffer(cfg.ReceiveBuffer)
	growSendBuffer(l.fd, sendBuffer)
	l.condition.Store(&condition{down: ErrGone})
	if err := l.update(); err != nil {
		return fmt.Errorf("find the state of interface %s: %w", l.name, err)
	}
	l.startReceiving(cfg) // before a frame is received in another way
	l.host.join(l)
	if err := l.update(); err != nil { // for changes before the watcher knew the link
		return fmt.Errorf("find the state of interface %s: %w", l.name, err)
	}
	return nil
}

// growReceiveBuffer asks for a receive buffer, beyond the system's limit if that
// is permitted. A buffer that is too small costs retransmissions, not data, so it
// is no error.
func (l *Link) growReceiveBuffer(bytes int) {
	if bytes == 0 {
		return
	}
	if unix.SetsockoptInt(l.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, bytes) != nil {
		unix.SetsockoptInt(l.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, bytes)
	}
}

// ReceiveBuffer returns the bytes of frames that the kernel holds for us.
func (l *Link) ReceiveBuffer() int {
	if l.ring != nil {
		return len(l.ring.mem)
	}
	n, err := unix.GetsockoptInt(l.fd, unix.SOL_SOCKET, unix.SO_RCVBUF)
	if err != nil {
		return 0
	}
	return n / 2 // the kernel doubles what it is asked for
}

// SetFilter replaces the program that says which frames are received, at once:
// no frame passes that neither of the two lets pass.
func (l *Link) SetFilter(program []bpf.RawInstruction) error {
	program, err := guarded(program, l.foreign)
	if err != nil {
		return fmt.Errorf("assemble the filter of %s: %w", l.name, err)
	}
	err = unix.SetsockoptSockFprog(l.fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{
		Len:    uint16(len(program)),
		Filter: (*unix.SockFilter)(unsafe.Pointer(unsafe.SliceData(program))), // the same fields in the same order
	})
	if err != nil {
		return fmt.Errorf("set the socket filter of %s, %d instructions: %w", l.name, len(program), err)
	}
	return nil
}

// Close closes the sockets and frees the buffers, once what Send has accepted is
// sent, or dropped because the interface does not take it.
func (l *Link) Close() error {
	l.host.part(l)
	l.stopSending() // may take a moment, during which the watcher must not be blocked
	l.looking.Lock()
	defer l.looking.Unlock()
	if l.closed {
		return net.ErrClosed
	}
	l.closed = true // the watcher may still have the link on its list
	if l.ring != nil {
		l.ring.close()
	}
	l.drops.close()
	err := unix.Close(l.fd)
	if l.bufs != nil {
		err = errors.Join(err, l.bufs.free())
	}
	return err
}

// Name returns the name of the interface.
func (l *Link) Name() string { return l.name }

// MAC returns the address of the interface, or the last one if the interface is
// gone.
func (l *Link) MAC() [6]byte { return l.condition.Load().mac }

// Down says why the interface carries no frames at the moment; nil if it does.
func (l *Link) Down() error { return l.condition.Load().down }

// Changes counts the changes of Down, MTU and MAC noticed so far.
func (l *Link) Changes() uint64 { return l.changes.Load() }

// MTU asks the system for the interface's MTU in bytes, which may change at any
// time. If the system does not say, it returns the last one known.
func (l *Link) MTU() int {
	l.mtuMu.Lock()
	defer l.mtuMu.Unlock()
	if unix.IoctlIfreq(l.fd, unix.SIOCGIFMTU, l.ifreq) == nil {
		l.mtu.Store(int64(l.ifreq.Uint32()))
	}
	return int(l.mtu.Load())
}

// descriptor returns the descriptor that becomes readable when a frame arrives.
func (l *Link) descriptor() int { return l.fd }

// pending reports whether a frame is in the ring, if there is a ring.
func (l *Link) pending() bool { return l.ring != nil && l.ring.pending() }
