// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// Link is a network interface's BPF descriptor. One goroutine receives and
// waits; any may send. It belongs to whatever interface has the name.
type Link struct {
	name      string
	etherType uint16
	conn      *conn
	bufs      *buffers
	buffer    []byte   // what a read fills
	captures  captures // what of that nobody has received yet
	watcher   *watcher

	alarm       alarm // ends a Wait
	interrupted atomic.Bool
	bound       atomic.Bool // there is an interface to receive from
	changes     atomic.Uint64

	mu        sync.Mutex // guards what follows
	condition condition
	lost      time.Time // when the interface was found to be gone; zero where there is one
	drops     tally
}

// Open opens a descriptor on the interface name. The filter is in force before
// the first frame can arrive. Config's Fast, Linger and Spin mean nothing here:
// there is one way to send, and a read that waits would cost the scheduler as
// much as Wait does.
func Open(name string, cfg Config) (*Link, error) {
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
	l := &Link{name: name, etherType: cfg.EtherType, conn: c, buffer: make([]byte, c.size)}
	if l.bufs, err = newBuffers(cfg.Buffers, ifi.MTU, cfg.Align); err != nil {
		c.close()
		return nil, err
	}
	if err := l.startWatching(); err != nil {
		c.close()
		l.bufs.free()
		return nil, err
	}
	return l, nil
}

// Buffers returns the frame buffers that Open has laid, all of one length: of 12
// KiB, or what the MTU asked for then, in whole pages. The byte at Config.Align of
// each begins a page. They are the caller's until Close.
func (l *Link) Buffers() [][]byte { return l.bufs.upTo(l.bufs.n) }

// startWatching finds out the interface's condition, and from then on what
// becomes of it.
func (l *Link) startWatching() (err error) {
	if l.alarm, err = newAlarm(); err != nil {
		return err
	}
	if l.watcher, err = newWatcher(); err != nil {
		return errors.Join(err, l.alarm.close())
	}
	l.condition, err = look(l.name)
	l.bound.Store(true)
	go l.watcher.run(l.refresh)
	if err != nil {
		return errors.Join(err, l.watcher.close(), l.alarm.close())
	}
	return nil
}

// SetFilter replaces the program that says which frames are received. Those
// that have passed the one before are received still.
func (l *Link) SetFilter(program []bpf.RawInstruction) error {
	program, err := ofType(l.etherType, program)
	if err != nil {
		return fmt.Errorf("assemble the filter of EtherType %#04x: %w", l.etherType, err)
	}
	return l.conn.setFilter(unix.BIOCSETFNR, program)
}

// ReceiveBuffer returns the bytes that the kernel holds for us at the most, by
// the measure of Config.ReceiveBuffer.
func (l *Link) ReceiveBuffer() int { return 2 * l.conn.size }

// Close closes the descriptor and frees the buffers. Nothing else may use the
// Link, or a buffer, any more.
func (l *Link) Close() error {
	return errors.Join(l.watcher.close(), l.alarm.close(), l.conn.close(), l.bufs.free())
}

// Name returns the name of the interface.
func (l *Link) Name() string { return l.name }

// Changes counts the changes of Down, MTU and MAC noticed so far. Each ends a
// Wait.
func (l *Link) Changes() uint64 { return l.changes.Load() }

// Drops returns how many frames the kernel has dropped since Open for want of
// room in the receive buffer.
func (l *Link) Drops() (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.countDrops()
}

// countDrops brings the count of dropped frames up to date, which begins again
// where the descriptor is bound. The caller holds l.mu.
func (l *Link) countDrops() (uint64, error) {
	n, err := l.conn.dropped()
	if err != nil {
		return l.drops.total, fmt.Errorf("ask for the drops of %s: %w", l.name, err)
	}
	return l.drops.update(n), nil
}

// Wait returns once there is something to receive, the interface has changed,
// or limit has passed; a negative one never does. It returns false after
// Interrupt.
func (l *Link) Wait(limit time.Duration) bool {
	if l.interrupted.Load() || !l.captures.empty() {
		return !l.interrupted.Load()
	}
	all := [2]unix.PollFd{
		{Fd: int32(l.alarm.r), Events: unix.POLLIN},
		{Fd: int32(l.conn.fd), Events: unix.POLLIN},
	}
	fds := all[:]
	if !l.bound.Load() { // poll(2) would find the descriptor ready, for its ENXIO
		fds = all[:1]
	}
	unix.Poll(fds, milliseconds(limit)) // interrupted by a signal it returns early, as if the limit had passed
	if all[0].Revents != 0 {
		l.alarm.silence()
	}
	return !l.interrupted.Load()
}

// milliseconds returns the time limit of a poll(2) that lasts no shorter than
// limit, for ever where that is negative.
func milliseconds(limit time.Duration) int {
	if limit < 0 {
		return -1
	}
	return int(min((limit+time.Millisecond-1)/time.Millisecond, math.MaxInt32))
}

// Interrupt ends this and every later Wait.
func (l *Link) Interrupt() {
	l.interrupted.Store(true)
	l.alarm.ring()
}

// Receive fills frames, each to its capacity at the most, and returns how many
// arrived; none is no error, whatever the interface's condition. frames[i] is
// resliced to the frame's length, to nothing where the frame was longer than its
// buffer. One read brings all frames that the kernel holds: those that find no
// buffer are kept for the next call.
func (l *Link) Receive(frames [][]byte) (int, error) {
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
	return l.captures.hand(frames[:min(len(frames), MaxBatch)]), nil
}

// How long Send waits for the interface to take frames before it drops them, an
// initiator waits longer, and how long between two tries: bpf says that it can
// be written to even when it cannot.
const (
	sendPatience = 100 * time.Millisecond
	sendPause    = time.Millisecond
)

// Send sends frames and returns how many. One that the system refuses, or the
// interface does not carry, is dropped, as a wire might: the initiator asks
// again. An error is none of those that frames are lost by.
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
