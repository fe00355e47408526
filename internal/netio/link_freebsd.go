// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// Link is the BPF descriptor of the interface that has its name, even if that
// becomes another one. One goroutine receives; any may send.
type Link struct {
	host      *Host
	name      string
	etherType uint16
	foreign   bool // frames to other stations are received too
	conn      *conn
	bufs      *buffers
	buffer    []byte      // what a read fills
	captures  captures    // the frames in it that were not received yet
	left      atomic.Bool // captures is not empty
	bound     atomic.Bool // there is an interface to receive from
	changes   atomic.Uint64

	mu        sync.Mutex // guards what follows
	closed    bool       // the Link is closed
	condition condition
	lost      time.Time // when the interface was found to be gone; zero while there is one
	drops     tally
}

// Open opens a descriptor on the interface of a name, which takes part in Wait
// until it is closed. The filter is in force before the first frame can arrive.
// Config.Fast has no effect: there is one way to receive and one to send.
func (h *Host) Open(name string, cfg Config) (*Link, error) {
	ifi, err := findInterface(name)
	if err != nil {
		return nil, err
	}
	program, err := ofType(cfg.EtherType, cfg.Filter)
	if err != nil {
		return nil, fmt.Errorf("assemble the filter of EtherType %#04x: %w", cfg.EtherType, err)
	}
	c, err := newConn(name, cfg.ReceiveBuffer, program)
	if err != nil {
		return nil, err
	}
	l := &Link{host: h, name: name, etherType: cfg.EtherType, foreign: cfg.Foreign, conn: c, buffer: make([]byte, c.size)}
	if l.bufs, err = newBuffers(cfg.Buffers, ifi.MTU, cfg.Align); err != nil {
		c.close()
		return nil, err
	}
	l.bound.Store(true)
	if l.condition, err = look(name); err != nil {
		l.Close()
		return nil, err
	}
	h.join(l)
	l.refresh() // for changes before the watcher knew the link
	return l, nil
}

// Buffers returns the frame buffers, which are of 12 KiB, or as long as the MTU
// demanded in Open, in whole pages.
func (l *Link) Buffers() [][]byte { return l.bufs.upTo(l.bufs.n) }

// SetFilter replaces the program that says which frames are received. Frames that
// have passed the one before are still received.
func (l *Link) SetFilter(program []bpf.RawInstruction) error {
	program, err := ofType(l.etherType, program)
	if err != nil {
		return fmt.Errorf("assemble the filter of EtherType %#04x: %w", l.etherType, err)
	}
	return l.conn.setFilter(unix.BIOCSETFNR, program)
}

// ReceiveBuffer returns the bytes of frames that the kernel holds for us: both
// buffers of bpf(4).
func (l *Link) ReceiveBuffer() int { return 2 * l.conn.size }

// Close closes the descriptor and frees the buffers.
func (l *Link) Close() error {
	l.host.part(l)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return net.ErrClosed
	}
	l.closed = true // the watcher may still have the link on its list
	return errors.Join(l.conn.close(), l.bufs.free())
}

// Name returns the name of the interface.
func (l *Link) Name() string { return l.name }

// Changes counts the changes of Down, MTU and MAC noticed so far.
func (l *Link) Changes() uint64 { return l.changes.Load() }

// Drops returns how many frames the kernel has dropped since Open, for lack of
// room in the receive buffer.
func (l *Link) Drops() (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.countDrops()
}

// countDrops updates the count of dropped frames. The kernel's count begins again
// at 0 when the descriptor is bound. The caller holds l.mu.
func (l *Link) countDrops() (uint64, error) {
	if l.closed { // the socket is closed
		return l.drops.total, net.ErrClosed
	}
	n, err := l.conn.dropped()
	if err != nil {
		return l.drops.total, fmt.Errorf("ask for the drops of %s: %w", l.name, err)
	}
	return l.drops.update(n), nil
}

// descriptor returns the descriptor that becomes readable when a frame arrives.
// It is negative while there is no interface, because poll(2) would then always
// find the descriptor ready, with ENXIO.
func (l *Link) descriptor() int {
	if !l.bound.Load() {
		return -1
	}
	return l.conn.fd
}

// pending reports whether frames were read that were not received yet.
func (l *Link) pending() bool { return l.left.Load() }

// Receive fills frames with what has arrived, and returns how many did, at most
// MaxBatch. One read brings all frames that the kernel holds: those that find no
// buffer are kept for the next call.
func (l *Link) Receive(frames [][]byte, stamps []int64) (int, error) {
	if l.captures.empty() {
		n, err := l.conn.read(l.buffer)
		switch err {
		case nil, unix.EAGAIN, unix.EINTR:
		case unix.ENXIO:
			l.refresh()
		default:
			return 0, err
		}
		l.captures = captures{l.buffer[:n]}
	}
	n := l.captures.hand(frames[:min(len(frames), MaxBatch)], stamps, addressee{l.MAC(), l.foreign})
	l.left.Store(!l.captures.empty())
	return n, nil
}

// How long Send waits for the interface to accept frames before it drops them,
// which is less than an initiator waits, and how long between two tries. It has
// to try, because bpf always says that it can be written to.
const (
	sendPatience = 100 * time.Millisecond
	sendPause    = time.Millisecond
)

// Send sends frames and returns how many. It waits where the interface takes none
// at the moment, for sendPatience in all. Its errors are others than those that
// tell of a lost frame.
func (l *Link) Send(frames [][]byte) (int, error) {
	sent, tries := 0, int(sendPatience/sendPause)
	var failed error
	for _, f := range frames {
		err := l.conn.write(f)
		for ; err == unix.ENOBUFS && tries > 0; tries-- {
			time.Sleep(sendPause)
			err = l.conn.write(f)
		}
		switch {
		case err == nil:
			sent++
		case !isFate(err):
			failed = fmt.Errorf("send on %s: %w", l.name, err)
		}
	}
	return sent, failed
}
