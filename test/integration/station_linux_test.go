// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/netio"
	"vblade/test/peer"
)

// station is a raw station at the wire's other end, which sends every frame
// once: what a target counts can be known to the frame.
type station struct {
	t    *testing.T
	link *peer.Station
	in   [][]byte
}

// newStation opens a station on ini0.
func (s *site) newStation() *station {
	s.t.Helper()
	st := &station{t: s.t, in: make([][]byte, netio.MaxBatch)}
	for i := range st.in {
		st.in[i] = make([]byte, 2000)
	}
	err := s.host.Do(func() (err error) {
		st.link, err = peer.Open("ini0", netio.Config{EtherType: uint16(aoe.EtherType), ReceiveBuffer: 4 << 20}, netio.HostConfig{})
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { st.link.Close() })
	return st
}

// send sends a frame n times.
func (st *station) send(n int, f []byte) {
	st.t.Helper()
	batch := make([][]byte, netio.MaxBatch)
	for i := range batch {
		batch[i] = f
	}
	for n > 0 {
		sent, err := st.link.Send(batch[:min(n, len(batch))])
		if err != nil || sent == 0 {
			st.t.Fatalf("sent %d frames: %v", sent, err)
		}
		n -= sent
	}
}

// await waits for n frames of anybody's.
func (st *station) await(n int) {
	st.t.Helper()
	for end := time.Now().Add(patience); n > 0; {
		if time.Now().After(end) {
			st.t.Fatalf("%d frames are missing", n)
		}
		st.link.Wait(time.Second)
		got, err := st.link.Receive(st.in)
		if err != nil {
			st.t.Fatal(err)
		}
		n -= got
	}
}

// request is a frame to e9.0: an ATA command, and data after it.
func (st *station) request(opcode, count uint8, lba uint64, data int) aoe.Frame {
	f := make(aoe.Frame, max(aoe.MinLen, aoe.ATALen+data))
	f.SetHeader(aoe.Version, 0, aoe.CommandATA)
	f.SetDst(aoe.Broadcast)
	f.SetSrc(st.link.MAC())
	f.SetTarget(9, 0)
	f.SetATARequest(0, opcode, count, lba)
	return f
}

// converse has some of everything happen on a target that serves the station and
// nobody else: 18 frames, of which 16 are answered, and two that the filter keeps
// from it.
func (st *station) converse() {
	st.t.Helper()
	masked := st.request(ata.Read, 1, 0, 0)
	masked.SetSrc(alice)
	unknown := st.request(0, 0, 0, 0)
	unknown.SetHeader(aoe.Version, 0, 77)
	st.send(7, st.request(ata.Read, 2, 100, 0))
	st.send(3, st.request(ata.Write, 1, 50, sectorSize))
	st.send(1, st.request(ata.FlushCache, 0, 0, 0))
	st.send(2, st.request(ata.Read, 1, diskSize/sectorSize, 0))
	st.send(1, st.request(ata.Read, 3, 0, 0))
	st.send(1, unknown)
	st.send(1, st.request(ata.Identify, 1, 0, 0))
	st.send(2, masked)
	st.send(2, unknown[:20])
	st.await(16)
}
