// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"fmt"
	"net"
	"sync"

	"golang.org/x/sys/unix"
)

// drops counts the frames that the kernel has dropped.
type drops struct {
	mu     sync.Mutex
	total  uint64
	closed bool // the socket is closed
}

// Drops returns how many frames the kernel has dropped since Open, for lack of
// room in the receive buffer.
func (l *Link) Drops() (uint64, error) {
	d := &l.drops
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return d.total, net.ErrClosed
	}
	// Each reading resets the kernel's own count to zero.
	stats, err := unix.GetsockoptTpacketStats(l.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil {
		return d.total, fmt.Errorf("read the packet statistics of %s: %w", l.name, err)
	}
	d.total += uint64(stats.Drops)
	return d.total, nil
}

// close makes Drops stop asking the socket.
func (d *drops) close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
}
