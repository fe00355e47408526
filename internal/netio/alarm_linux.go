// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// alarm ends this poll(2) or the next one. It is an eventfd whose counter is not
// 0 while the alarm rings.
type alarm struct{ fd int }

// newAlarm returns an alarm that is silent.
func newAlarm() (alarm, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return alarm{}, fmt.Errorf("make an eventfd: %w", err)
	}
	return alarm{fd}, nil
}

// descriptor returns what is readable while the alarm rings.
func (a alarm) descriptor() int { return a.fd }

// ring rings the alarm.
func (a alarm) ring() {
	one := [8]byte{1} // an eventfd counts in host byte order; any count but 0 rings
	unix.Write(a.fd, one[:])
}

// silence ends the ringing.
func (a alarm) silence() {
	var count [8]byte
	unix.Read(a.fd, count[:])
}

// close closes the descriptor.
func (a alarm) close() error { return unix.Close(a.fd) }
