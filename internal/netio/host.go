// SPDX-License-Identifier: GPL-2.0-only

package netio

import "time"

// HostConfig says how a Host waits. A Host of the zero value sleeps at once.
type HostConfig struct {
	// Linger is how long Wait sleeps in a raw system call before it sleeps
	// properly. It should be short: the scheduler does not hear of it.
	Linger time.Duration
	// Spin is how long Wait stays awake before that, while it pays: while frames
	// come within this time. Frames that come by a ring are seen without a system
	// call, and without the time that it takes to wake up.
	Spin time.Duration
}
