// SPDX-License-Identifier: GPL-2.0-only

// Package journal is a log on standard error that never blocks its callers, even
// if nobody reads it.
//
// A Journal queues lines and writes them from a goroutine of its own. When the
// queue is full, lines are dropped, and a line in their place says how many. A message
// is one line without control characters, whatever names it holds. If
// standard error is the systemd journal, each line carries its priority, and what it
// is about: an Export, a Link or an Initiator among its arguments is a field there.
//
//	j := journal.New(os.Stderr)
//	defer j.Close(time.Second)
//	j.Log("e9.0: ").Warnf("write of %d sectors at LBA %d: %v", n, lba, err)
//
// writes
//
//	vblade: e9.0: write of 2 sectors at LBA 1234: no space left on device
package journal
