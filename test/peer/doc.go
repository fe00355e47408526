// SPDX-License-Identifier: GPL-2.0-only

// Package peer is a raw station on a wire for the tests: a network interface's
// link on a host of its own, which waits for that link alone.
package peer
