// SPDX-License-Identifier: GPL-2.0-only

// Package server serves exports over links: it takes frames from a link, finds
// the blade that each addresses, has its disk do the work and sends the frames
// back as replies.
//
// A frame's way through the package, in the order of the files:
//
//	server.go   link, exports (export.go) and the crew; routes a frame
//	turn.go     the leader's batch: received, accepted, lent to the crew
//	request.go  a frame's stay in the server
//	worker.go   leads, or does what is queued (queue.go)
//	run.go      contiguous requests, done in one system call
//	outbox.go   replies on their way, and the buffers that come back for theirs
//	order.go    who may start when; orderpool.go holds its memory
//	pace.go     tells work that waits for a disk from work that does not
//	port.go     a link in use; linkstate.go follows its ups and downs
//	watch.go    takes the lead from a leader that a call keeps
//	health.go   logs when a disk begins to fail, and when it works again
//	end.go      finishes what is in flight, and says what could not be
//	report.go   logs who changed a reservation or the masks
//	counts.go   counts on the way, for others to read (stats.go)
//	words.go    what the log and errors say of work
//	pulse.go    lets others see that the leader's loop turns
package server
