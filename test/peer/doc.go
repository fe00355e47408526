// SPDX-License-Identifier: GPL-2.0-only

// Package peer is what the tests put at the other end of a wire: a raw station, which
// is a network interface's link on a host of its own that waits for that link alone,
// and an initiator.
package peer
