// SPDX-License-Identifier: GPL-2.0-only

// Package load is the initiator's side of the benchmark: a stream of requests of
// one kind to a target, or to several in turn, whose replies and data are checked,
// counted and timed. A stats.Histogram keeps the times in fixed memory, so that
// nothing is allocated from one request to the next.
package load
