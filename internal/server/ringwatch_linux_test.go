// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vblade/internal/ata"
	"vblade/test/lab"
)

// pipeHost is a host whose descriptors are the ends of pipes.
type pipeHost struct {
	Host
	fds []int
}

// Descriptors returns them.
func (h *pipeHost) Descriptors() []int { return h.fds }

// pipe makes a pipe.
func pipe(t *testing.T) (reader, writer int) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		t.Fatal(err)
	}
	return p[0], p[1]
}

// enabledRing returns a ring of the calling thread, for the length of the test.
func enabledRing(t *testing.T) *ring {
	g, err := newRing()
	if err != nil {
		lab.Skip(t, err.Error(), "run on a kernel with io_uring")
	}
	runtime.LockOSThread()
	t.Cleanup(func() {
		g.Close(0)
		runtime.UnlockOSThread()
	})
	if err := g.Enable(); err != nil {
		t.Fatal(err)
	}
	g.makeReady()
	return g
}

// TestRingWatchesAnotherLink has a link be closed and another be opened, whose
// descriptor has the same number: the ring waits for that one, and lets go of the
// first.
func TestRingWatchesAnotherLink(t *testing.T) {
	g := enabledRing(t)
	alarm, ring := pipe(t)
	link, peer := pipe(t)
	host := &pipeHost{fds: []int{alarm, link}}
	g.watch(host)
	g.Enter(0, 0)
	another, anotherPeer := pipe(t)
	if err := unix.Dup3(another, link, unix.O_CLOEXEC); err != nil { // closes the first
		t.Fatal(err)
	}
	unix.Close(another)
	defer func() {
		for _, fd := range []int{alarm, ring, link, peer, anotherPeer} {
			unix.Close(fd)
		}
	}()
	host.fds = []int{alarm, link}
	g.watch(host)
	g.Enter(0, 0)
	g.reap(nil)
	if _, err := unix.Write(anotherPeer, []byte{1}); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); g.armed[1] && time.Now().Before(end); g.reap(nil) {
		g.Enter(1, time.Second)
	}
	if g.armed[1] {
		t.Error("the ring does not notice what comes by the link that was opened")
	}
	if _, err := unix.Write(peer, []byte{1}); err != unix.EPIPE {
		t.Errorf("a write to the link that was closed returns %v, as if it was open", err)
	}
}

// TestIdleRingLetsGo has a link be closed while the ring has nothing to do: the ring
// does not keep it open.
func TestIdleRingLetsGo(t *testing.T) {
	g := enabledRing(t)
	alarm, ring := pipe(t)
	link, peer := pipe(t)
	defer func() {
		for _, fd := range []int{alarm, ring, peer} {
			unix.Close(fd)
		}
	}()
	host := &pipeHost{fds: []int{alarm, link}}
	g.watch(host)
	g.Enter(0, 0)
	g.letGo(host)
	if !g.armed[1] {
		t.Error("the ring lets go of links that remain")
	}
	unix.Close(link)
	host.fds = []int{alarm}
	g.letGo(host)
	if _, err := unix.Write(peer, []byte{1}); err != unix.EPIPE {
		t.Errorf("a write to the link that was closed returns %v, as if it was open", err)
	}
}

// TestDrainingRingLetsGo has a link be closed while a lead that has lost the lead waits
// for a disk that hangs: its ring does not keep the link open.
func TestDrainingRingLetsGo(t *testing.T) {
	g := enabledRing(t)
	alarm, ring := pipe(t)
	link, peer := pipe(t)
	disk, data := pipe(t) // a read of an empty pipe hangs
	defer func() {
		for _, fd := range []int{alarm, ring, peer, disk, data} {
			unix.Close(fd)
		}
	}()
	if err := unix.SetNonblock(disk, false); err != nil {
		t.Fatal(err)
	}
	l := newLead(New(nil, nil))
	l.ring = g
	g.watch(&pipeHost{fds: []int{alarm, link}})
	r := &request{export: &export{fd: disk}}
	r.Work = ata.Work{Op: ata.OpRead, Data: make([]byte, ata.SectorSize)}
	g.depart([]*request{r})
	g.Enter(0, 0)
	unix.Close(link)
	closed := make(chan bool, 1)
	go func() {
		fds := []unix.PollFd{{Fd: int32(peer)}} // for POLLERR: nobody can read any more
		for end := time.Now().Add(10 * time.Second); fds[0].Revents == 0 && time.Now().Before(end); {
			unix.Poll(fds, 100)
		}
		unix.Write(data, []byte{1}) // ends the read, early: a worker would repeat it
		closed <- fds[0].Revents == unix.POLLERR
	}()
	l.drain()
	if !<-closed {
		t.Error("a link that was closed stays open")
	}
}
