// SPDX-License-Identifier: GPL-2.0-only

//go:build !linux

package uring

import (
	"errors"
	"time"
)

// errSystem says what is missing.
var errSystem = errors.New("io_uring is not supported on this system; Linux has it")

// Ring is an io_uring. There is none here.
type Ring struct{}

// New refuses: there is no io_uring here.
func New(int) (*Ring, error) { return nil, errSystem }

// Probe finds out what of a file a ring does asynchronously.
func Probe(int) (Access, error) { return Waits, nil }

// Enable puts the ring into use.
func (r *Ring) Enable() error { return errSystem }

// Readv prepares a read.
func (r *Ring) Readv(uint64, int, []Vec, int64) bool { return false }

// Writev prepares a write.
func (r *Ring) Writev(uint64, int, []Vec, int64) bool { return false }

// Poll prepares a wait for events.
func (r *Ring) Poll(uint64, int, uint16) bool { return false }

// Cancel prepares to cancel a request.
func (r *Ring) Cancel(uint64, uint64) bool { return false }

// Void has what is prepared do nothing.
func (r *Ring) Void() {}

// Room returns how many requests can be prepared.
func (r *Ring) Room() int { return 0 }

// SubmitPair submits two of the prepared requests.
func (r *Ring) SubmitPair() bool { return false }

// Enter submits what is prepared and waits.
func (r *Ring) Enter(int, time.Duration) error { return errSystem }

// Completions passes the completions that have arrived to yield.
func (r *Ring) Completions(func(Completion) bool) {}

// Ready reports whether completions have arrived.
func (r *Ring) Ready() bool { return false }

// Close releases the ring.
func (r *Ring) Close(time.Duration) error { return nil }
