// SPDX-License-Identifier: GPL-2.0-only

// Package load is the initiator of the benchmark. It sends a stream of requests
// of one kind to a target, or to several in turn, and checks, counts and times
// the replies. A stats.Histogram keeps the times in fixed memory, so a request
// allocates nothing.
package load
