// SPDX-License-Identifier: GPL-2.0-only

//go:build linux || freebsd

package netio_test

import (
	"encoding/binary"
	"testing"
	"time"

	"vblade/test/peer"
)

// patience is how long a test waits for what must happen, before it fails.
const patience = 10 * time.Second

// frame returns a frame of n bytes that carries a number.
func frame(kind uint16, n, number int) []byte {
	f := make([]byte, n)
	copy(f, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9})
	binary.BigEndian.PutUint16(f[12:], kind)
	binary.BigEndian.PutUint32(f[14:], uint32(number))
	for i := 18; i < n; i++ {
		f[i] = byte(i + number)
	}
	return f
}

// number returns the number that a frame carries.
func number(f []byte) int { return int(binary.BigEndian.Uint32(f[14:])) }

// buffers returns n buffers of size bytes.
func buffers(n, size int) [][]byte {
	bufs := make([][]byte, n)
	for i := range bufs {
		bufs[i] = make([]byte, size)
	}
	return bufs
}

// send sends frames, every one.
func send(t *testing.T, l *peer.Station, frames ...[]byte) {
	t.Helper()
	if n, err := l.Send(frames); n != len(frames) || err != nil {
		t.Fatalf("sent %d of %d frames: %v", n, len(frames), err)
	}
}

// receive receives n frames into buffers of size bytes, in as many calls as it takes.
func receive(t *testing.T, l *peer.Station, n, size int) [][]byte {
	t.Helper()
	var all [][]byte
	for deadline := time.Now().Add(patience); len(all) < n; {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d frames arrived in %v", len(all), n, patience)
		}
		if !l.Wait(patience) {
			t.Fatal("Wait was interrupted")
		}
		bufs := buffers(100, size)
		got, err := l.Receive(bufs)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, bufs[:got]...)
	}
	return all
}
