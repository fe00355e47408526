// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"time"

	"golang.org/x/net/bpf"
)

// What a Host and a Link do is the same on every system, so that their users need
// not ask which one it is. A system without Links has a Host that cannot open any.

// hostContract is what a Host does.
type hostContract interface {
	// Open opens a socket on the interface of a name, which takes part in Wait
	// until it is closed. The filter is in force before the first frame arrives.
	Open(name string, cfg Config) (*Link, error)
	// Wait returns once there may be something to receive on a link, a link's
	// Changes have counted on, links have come or gone, or Wake was called; and
	// after limit, where that is not negative. One goroutine waits.
	Wait(limit time.Duration)
	// WaitAsleep is Wait for a caller that gains nothing by staying awake.
	WaitAsleep(limit time.Duration)
	// Wake ends this Wait, or the next. Any goroutine may call it.
	Wake()
	// Silence ends the ringing of the alarm, for a caller that has found its
	// descriptor readable outside Wait. What Wake was called for has to be looked
	// at afterwards.
	Silence()
	// Descriptors returns what becomes readable when Wait would return, the alarm
	// first.
	Descriptors() []int
	// Close closes the Host and its links.
	Close() error
}

// linkContract is what a Link does. One goroutine receives; any may call the rest.
type linkContract interface {
	// Name returns the name of the interface.
	Name() string
	// MAC returns the interface's address, the last one where it is gone.
	MAC() [6]byte
	// MTU returns the longest payload of an Ethernet frame, in bytes, now.
	MTU() int
	// Down returns ErrDown, ErrNoCarrier or ErrGone while the interface carries
	// no frames, otherwise nil.
	Down() error
	// Changes counts the changes of Down, MTU and MAC noticed so far. Each ends
	// a Wait.
	Changes() uint64

	// Buffers returns the frame buffers that Open has laid, all of one length. The
	// byte at Config.Align of each begins a page. They are the caller's until
	// Close, except for those that Send keeps: ask for them once.
	Buffers() [][]byte
	// SetFilter replaces the program that says which frames are received; an empty
	// one passes them all. It may have MaxFilter instructions.
	SetFilter([]bpf.RawInstruction) error
	// Receive fills frames, each up to its capacity, and returns how many arrived.
	// It never waits, and none is no error, whatever the interface's condition.
	// frames[i] is resliced to the frame's length, to 0 where the frame is not for
	// us or longer than its buffer. stamps[i] is when the kernel received it, in
	// nanoseconds of CLOCK_REALTIME, or 0. There may be fewer stamps than frames.
	Receive(frames [][]byte, stamps []int64) (int, error)
	// Send sends frames, and returns how many it has accepted. It drops a frame
	// that the system refuses or the interface does not carry, as a wire might:
	// the initiator asks again. It may keep the buffer of a frame, and then leaves
	// another one in its place.
	Send(frames [][]byte) (int, error)
	// Unsent returns how many frames were dropped after Send had accepted them.
	Unsent() uint64
	// Drops returns how many frames found no room to be received in.
	Drops() (uint64, error)
	// ReceiveBuffer returns how many bytes of frames the kernel holds for us.
	ReceiveBuffer() int
	// ReceiveWay and SendWay return how frames are received and sent now, and why
	// not by a faster way, if there is one.
	ReceiveWay() (way, why string)
	SendWay() (way, why string)
	// Warnings returns what a person should know of the link, a line each, where
	// so many bytes of receive buffer were wanted.
	Warnings(receiveBuffer int) []string
	// Close closes the sockets and frees the buffers. Nothing else may use the
	// Link, or a buffer, any more.
	Close() error
}

var (
	_ hostContract = (*Host)(nil)
	_ linkContract = (*Link)(nil)
)
