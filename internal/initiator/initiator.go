// SPDX-License-Identifier: GPL-2.0-only

package initiator

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/netio"
)

// MaxWindow is the most requests that an exchange keeps outstanding.
const MaxWindow = 256

// receiveBuffer is the size of a buffer that holds the replies to a full window
// of jumbo frames, in bytes.
const receiveBuffer = 8 << 20

// linger is how long an Initiator waits for a reply in a raw system call or,
// without Options.Sleep, awake. So the times that it measures are those of
// targets, not the time that this host takes to wake up.
const linger = time.Millisecond

// Options change how an Initiator behaves; the zero value is the usual one.
type Options struct {
	MAC      aoe.MAC       // the source address; zero for the interface's own
	Patience time.Duration // how long to repeat a request; zero for 10 seconds
	Retry    time.Duration // when to repeat it first; zero for 200 ms. It doubles each time.
	Poll     bool          // an Exchange never sleeps and occupies a CPU; implies Fast
	Fast     bool          // receive and send in the fastest ways that there are, which take more memory
	Sleep    bool          // the opposite of Poll: give the CPU to others while nothing arrives
}

// complete returns the options with the usual values in place of zeros. own is the
// interface's address.
func (o Options) complete(own aoe.MAC) Options {
	if o.MAC == (aoe.MAC{}) {
		o.MAC = own
	}
	if o.Patience == 0 {
		o.Patience = 10 * time.Second
	}
	if o.Retry == 0 {
		o.Retry = 200 * time.Millisecond
	}
	return o
}

// Initiator is a station on the LAN that speaks to targets.
type Initiator struct {
	host     *netio.Host
	link     *netio.Link
	opts     Options
	in       [][]byte
	out      [][]byte
	requests []request
	free     []int // indexes of those not in use
	counter  uint32
	due      time.Time // no request is to be sent again before

	interrupted atomic.Bool

	// Retransmissions counts the repeated requests, whose frames were lost or
	// answered late.
	Retransmissions int
}

// Open opens an Initiator on a network interface.
func Open(netif string, o Options) (*Initiator, error) {
	own, err := netio.Address(netif)
	if err != nil {
		return nil, err
	}
	o = o.complete(own)
	filter, err := aoe.ReplyFilter(o.MAC)
	if err != nil {
		return nil, fmt.Errorf("assemble the socket filter: %w", err)
	}
	spin := linger
	if o.Sleep {
		spin = 0
	}
	host, err := netio.NewHost(netio.HostConfig{Linger: linger, Spin: spin})
	if err != nil {
		return nil, err
	}
	link, err := host.Open(netif, netio.Config{
		EtherType:     uint16(aoe.EtherType),
		Filter:        filter,
		ReceiveBuffer: receiveBuffer,
		Buffers:       netio.MaxBatch,
		Align:         aoe.ATALen,
		Fast:          o.Poll || o.Fast,
		Foreign:       o.MAC != own,
	})
	if err != nil {
		return nil, errors.Join(err, host.Close())
	}
	i := &Initiator{
		host:     host,
		link:     link,
		opts:     o,
		in:       link.Buffers(),
		out:      make([][]byte, 0, MaxWindow),
		requests: make([]request, MaxWindow),
	}
	for n := range i.requests {
		i.free = append(i.free, n)
	}
	return i, nil
}

// longest is the length of the longest frame that the buffers hold, in bytes.
func (i *Initiator) longest() int { return cap(i.in[0]) }

// Close closes the Initiator. Its Targets cannot be used any more.
func (i *Initiator) Close() error { return i.host.Close() }

// Interrupt ends waiting for replies, now and in the future. Any goroutine may
// call it.
func (i *Initiator) Interrupt() {
	i.interrupted.Store(true)
	i.host.Wake()
}

// receive receives replies into i.in and returns how many. If there are none it
// waits a moment for the first.
func (i *Initiator) receive() (int, error) {
	got, err := i.link.Receive(i.in, nil)
	if got == 0 && err == nil {
		i.host.Wait(linger)
		got, err = i.link.Receive(i.in, nil)
	}
	if err != nil {
		return 0, fmt.Errorf("receive on %s: %w", i.link.Name(), err)
	}
	return got, nil
}

// wait waits for replies, or for a time; it returns false after Interrupt.
func (i *Initiator) wait(limit time.Duration) bool {
	if !i.interrupted.Load() {
		i.host.Wait(limit)
	}
	return !i.interrupted.Load()
}

// MAC returns the source address of the Initiator.
func (i *Initiator) MAC() aoe.MAC { return i.opts.MAC }
