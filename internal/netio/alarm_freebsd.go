// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// alarm ends this poll(2) or the next one. It is a pipe that holds a byte while
// the alarm rings.
type alarm struct{ r, w int }

// newAlarm returns an alarm that is silent.
func newAlarm() (alarm, error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return alarm{}, fmt.Errorf("make a pipe: %w", err)
	}
	return alarm{p[0], p[1]}, nil
}

// descriptor returns what is readable while the alarm rings.
func (a alarm) descriptor() int { return a.r }

// ring rings the alarm. A full pipe already rings.
func (a alarm) ring() {
	one := [1]byte{1}
	unix.Write(a.w, one[:])
}

// silence empties the pipe, or most of it. A goroutine that is woken once more
// for the same thing finds nothing new.
func (a alarm) silence() {
	var some [64]byte
	unix.Read(a.r, some[:])
}

// close closes the pipe.
func (a alarm) close() error { return errors.Join(unix.Close(a.r), unix.Close(a.w)) }
