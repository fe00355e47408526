// SPDX-License-Identifier: GPL-2.0-only

package netio

import "time"

// HostConfig says how a Host waits. With the zero value a Host sleeps at once.
type HostConfig struct {
	// Linger is how long Wait sleeps in a raw system call, which does not release
	// the P, before it sleeps in an ordinary one. It should be short.
	Linger time.Duration
	// Spin is how long Wait stays awake before that, as long as frames keep
	// arriving within this time. It sees frames that arrive by a ring without a
	// system call, and without the time that it takes to wake up.
	Spin time.Duration
}
