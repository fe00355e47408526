// SPDX-License-Identifier: GPL-2.0-only

//go:build !linux && !freebsd

package netio

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/net/bpf"
)

// MaxFilter is the most instructions of a filter program.
const MaxFilter = 0

// errSystem says what is missing.
var errSystem = errors.New("raw Ethernet sockets are not supported on this system; vblade serves on Linux and FreeBSD")

// Host is the network interfaces of this host.
type Host struct{}

// NewHost returns a Host, which can open no Link.
func NewHost(HostConfig) (*Host, error) { return &Host{}, nil }

// Open refuses: there is no Link here.
func (h *Host) Open(name string, _ Config) (*Link, error) {
	if _, err := findInterface(name); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("interface %s: %w", name, errSystem)
}

// Close closes the Host.
func (h *Host) Close() error { return nil }

// Wait returns once there may be something to receive.
func (h *Host) Wait(time.Duration) {}

// WaitAsleep returns at once.
func (h *Host) WaitAsleep(time.Duration) {}

// Wake ends this Wait, or the next.
func (h *Host) Wake() {}

// Silence ends the ringing of the alarm.
func (h *Host) Silence() {}

// Descriptors returns what becomes readable when Wait would return.
func (h *Host) Descriptors() []int { return nil }

// Link is a network interface's raw Ethernet socket.
type Link struct{ name string }

// Warnings returns what a person should know of the link.
func (l *Link) Warnings(int) []string { return nil }

// ReceiveBuffer returns 0.
func (l *Link) ReceiveBuffer() int { return 0 }

// Close closes the socket.
func (l *Link) Close() error { return nil }

// Name returns the name of the interface.
func (l *Link) Name() string { return l.name }

// MAC returns the address of the interface.
func (l *Link) MAC() [6]byte { return [6]byte{} }

// Down says why the interface carries no frames at the moment.
func (l *Link) Down() error { return errSystem }

// Changes counts the changes of Down, MTU and MAC noticed so far.
func (l *Link) Changes() uint64 { return 0 }

// SetFilter replaces the program that says which frames are received.
func (l *Link) SetFilter([]bpf.RawInstruction) error { return errSystem }

// MTU returns the interface's MTU in bytes.
func (l *Link) MTU() int { return 0 }

// Drops returns how many frames the kernel has dropped.
func (l *Link) Drops() (uint64, error) { return 0, errSystem }

// Receive fills frames and returns how many arrived.
func (l *Link) Receive([][]byte, []int64) (int, error) { return 0, errSystem }

// Send sends frames.
func (l *Link) Send([][]byte) (int, error) { return 0, errSystem }

// Buffers returns the frame buffers that Open has laid.
func (l *Link) Buffers() [][]byte { return nil }

// ReceiveWay returns how frames are received.
func (l *Link) ReceiveWay() (way, why string) { return "", "" }

// SendWay returns how frames are sent.
func (l *Link) SendWay() (way, why string) { return "", "" }
