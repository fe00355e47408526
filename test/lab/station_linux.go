// SPDX-License-Identifier: GPL-2.0-only

package lab

import (
	"encoding/binary"
	"fmt"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// etherType is AoE's.
const etherType = 0x88a2

// longest is the longest frame that a Station receives whole, in bytes.
const longest = 9100

// Station is a raw socket on an interface. It sends every frame once, unchanged
// and at once, and receives frames in the order of arrival.
type Station struct {
	MAC [6]byte // of the interface

	name string
	fd   int
	buf  []byte
}

// Station opens a station for the length of a test.
func (h *Host) Station(t testing.TB, netif string) *Station {
	t.Helper()
	s := &Station{name: netif, buf: make([]byte, longest)}
	if err := h.Do(s.open); err != nil {
		t.Fatalf("open a station on %s: %v", netif, err)
	}
	t.Cleanup(func() { unix.Close(s.fd) })
	return s
}

// open opens the socket, in the namespace of the calling thread.
func (s *Station) open() error {
	ifi, err := net.InterfaceByName(s.name)
	if err != nil {
		return err
	}
	copy(s.MAC[:], ifi.HardwareAddr)
	protocol := binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, etherType))
	s.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, int(protocol))
	if err != nil {
		return err
	}
	// Best effort: without the right to do this there is less room.
	_ = unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 8<<20)
	err = unix.Bind(s.fd, &unix.SockaddrLinklayer{Protocol: protocol, Ifindex: ifi.Index})
	if err != nil {
		unix.Close(s.fd)
	}
	return err
}

// Send sends a frame.
func (s *Station) Send(frame []byte) error {
	if _, err := unix.Write(s.fd, frame); err != nil {
		return fmt.Errorf("send on %s: %w", s.name, err)
	}
	return nil
}

// receive returns a frame that has arrived, or none. It is valid until the next
// call.
func (s *Station) receive() ([]byte, error) {
	n, err := unix.Read(s.fd, s.buf)
	switch err {
	case nil:
		return s.buf[:n], nil
	case unix.EAGAIN, unix.EINTR:
		return nil, nil
	}
	return nil, fmt.Errorf("receive on %s: %w", s.name, err)
}

// Hear calls heard with each frame that arrives at stations, and the station's
// index, until heard returns true. It returns false if that did not happen within
// the limit.
func Hear(limit time.Duration, stations []*Station, heard func(at int, frame []byte) bool) (bool, error) {
	fds := make([]unix.PollFd, len(stations))
	for i, s := range stations {
		fds[i] = unix.PollFd{Fd: int32(s.fd), Events: unix.POLLIN}
	}
	for end := time.Now().Add(limit); ; {
		for i, s := range stations {
			for frame, err := s.receive(); frame != nil || err != nil; frame, err = s.receive() {
				if err != nil {
					return false, err
				}
				if heard(i, frame) {
					return true, nil
				}
			}
		}
		left := time.Until(end)
		if left <= 0 {
			return false, nil
		}
		if _, err := unix.Poll(fds, int(left/time.Millisecond)+1); err != nil && err != unix.EINTR {
			return false, fmt.Errorf("wait for frames: %w", err)
		}
	}
}
