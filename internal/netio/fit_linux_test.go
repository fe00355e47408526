// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TestRingFit checks when a ring is tried again, by the reason why there was
// none.
func TestRingFit(t *testing.T) {
	for name, c := range map[string]struct {
		err               error
		now, other, later bool // it is due: at the same MTU, at another, in a while
	}{
		"an MTU too large":      {mtuError(40000), false, true, false},
		"busy":                  {fmt.Errorf("make a receive ring: %w", unix.EBUSY), false, true, true},
		"no memory":             {fmt.Errorf("map the receive ring: %w", unix.ENOMEM), false, true, true},
		"a kernel without":      {fmt.Errorf("choose the receive ring's form: %w", unix.ENOPROTOOPT), false, false, false},
		"what it does not know": {unix.EINVAL, false, false, false},
	} {
		f := ringFit{wanted: true, mtu: 1500}
		f.failed(c.err)
		if f.due(1500, false) != c.now || f.due(9000, false) != c.other {
			t.Errorf("%s: due at once: %v; at another MTU: %v", name, f.due(1500, false), f.due(9000, false))
		}
		if !f.again.IsZero() {
			f.again = f.again.Add(-ringRetry - time.Second)
		}
		if f.due(1500, false) != c.later {
			t.Errorf("%s: due later: %v", name, f.due(1500, false))
		}
		if f.due(1500, true) {
			t.Errorf("%s: due where there is a ring", name)
		}
	}
}

// sendRing gives a packet socket a ring to send from, of one block; of none, it
// takes it away.
func sendRing(t *testing.T, fd, blocks int) {
	t.Helper()
	req := unix.TpacketReq{Block_size: ringBlock, Block_nr: uint32(blocks), Frame_size: 2048, Frame_nr: uint32(blocks * ringBlock / 2048)}
	_, _, e := unix.Syscall6(unix.SYS_SETSOCKOPT, uintptr(fd), unix.SOL_PACKET, unix.PACKET_TX_RING,
		uintptr(unsafe.Pointer(&req)), unsafe.Sizeof(req), 0)
	if e != 0 {
		t.Fatal(e)
	}
}

// TestRingAgain refuses a link its ring for a while: it receives by recvmmsg,
// says why, and has a ring when it was time to try again.
func TestRingAgain(t *testing.T) {
	r := newRingTest(t, 1500, ringBlock)
	fit := &r.to.receiver.fit
	r.to.ring.close()
	r.to.ring = nil
	sendRing(t, r.to.fd, 1) // the kernel changes the form of no ring
	fit.mtu = 0
	r.send(0, 3, 60)
	r.expect(0, 3, 60)
	if way, why := r.to.ReceiveWay(); way != byRecvmmsg || !strings.Contains(why, unix.EBUSY.Error()) {
		t.Fatalf("received by %s: %s", way, why)
	}
	sendRing(t, r.to.fd, 0)
	r.send(3, 5, 60)
	r.expect(3, 5, 60)
	if r.to.ring != nil {
		t.Fatal("a ring before it was time")
	}
	fit.again = time.Now().Add(-time.Second)
	if n, err := r.to.Receive(r.in); n != 0 || err != nil {
		t.Fatalf("received %d, %v", n, err)
	}
	if way, why := r.to.ReceiveWay(); way != byRing || why != "" {
		t.Fatalf("received by %s: %s", way, why)
	}
	r.send(5, 60, 60)
	r.expect(5, 20, 60)
}
