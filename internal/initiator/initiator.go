// SPDX-License-Identifier: GPL-2.0-only

package initiator

import (
	"fmt"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/netio"
)

// MaxWindow is the most requests that an exchange keeps outstanding.
const MaxWindow = 256

// receiveBuffer holds the replies to a full window of jumbo frames, in bytes.
const receiveBuffer = 8 << 20

// linger is how long an Initiator waits for a reply in a call of which the Go
// scheduler does not hear: awake, but with Options.Sleep. It measures targets, not
// how long this host takes to wake up.
const linger = time.Millisecond

// Options change how an Initiator behaves; the zero value is the usual one.
type Options struct {
	MAC      aoe.MAC       // the address to speak from; zero for the interface's own
	Patience time.Duration // how long to repeat a request; zero for 10 seconds
	Retry    time.Duration // when to repeat one first; zero for 200 ms. Doubled each time.
	Poll     bool          // an Exchange does not sleep, and has a CPU for itself; implies Fast
	Fast     bool          // receive and send by the fastest ways there are, which take more memory
	Sleep    bool          // the opposite: whoever else is on this CPU has it while nothing arrives
}

// Initiator is a station on the LAN that speaks to targets.
type Initiator struct {
	link    *netio.Link
	opts    Options
	in      [][]byte
	out     [][]byte
	slots   []slot
	free    []int // indexes of the slots not in use
	counter uint32
	due     time.Time // no request is to be sent again before

	// Retransmissions counts the requests sent again for want of a reply: the
	// frames that were lost, or answered late.
	Retransmissions int
}

// Open opens an Initiator on a network interface.
func Open(netif string, o Options) (*Initiator, error) {
	if o.MAC == (aoe.MAC{}) {
		mac, err := netio.Address(netif)
		if err != nil {
			return nil, err
		}
		o.MAC = mac
	}
	if o.Patience == 0 {
		o.Patience = 10 * time.Second
	}
	if o.Retry == 0 {
		o.Retry = 200 * time.Millisecond
	}
	filter, err := aoe.ReplyFilter(o.MAC)
	if err != nil {
		return nil, fmt.Errorf("assemble the socket filter: %w", err)
	}
	spin := linger
	if o.Sleep {
		spin = 0
	}
	link, err := netio.Open(netif, netio.Config{
		EtherType:     uint16(aoe.EtherType),
		Filter:        filter,
		ReceiveBuffer: receiveBuffer,
		Buffers:       netio.MaxBatch,
		Align:         aoe.ATALen,
		Fast:          o.Poll || o.Fast,
		Linger:        linger,
		Spin:          spin,
	})
	if err != nil {
		return nil, err
	}
	i := &Initiator{
		link:  link,
		opts:  o,
		in:    link.Buffers(),
		out:   make([][]byte, 0, MaxWindow),
		slots: make([]slot, MaxWindow),
	}
	for n := range i.slots {
		i.free = append(i.free, n)
	}
	return i, nil
}

// longest is the length of the longest frame that the buffers hold, in bytes.
func (i *Initiator) longest() int { return cap(i.in[0]) }

// Close closes the Initiator. Its Targets are of no more use.
func (i *Initiator) Close() error { return i.link.Close() }

// Interrupt ends waiting for replies, now and from now on; any goroutine may.
func (i *Initiator) Interrupt() { i.link.Interrupt() }

// MAC returns the address that the Initiator speaks from.
func (i *Initiator) MAC() aoe.MAC { return i.opts.MAC }
