// SPDX-License-Identifier: GPL-2.0-only

// Package blade answers frames. A Blade is one export: a disk and the state
// that AoE gives it (config string, MAC masks, reservation). A Server takes
// frames from a link, finds the blade that each addresses, has its disk do the
// work and sends the frames back as replies.
//
// A frame's way through the package, in the order of the files:
//
//	server.go   link, blades and the crew; routes a frame to its blade
//	turn.go     the leader's batch: received, accepted, lent to the crew
//	blade.go    admits a frame and dispatches on its command
//	ata.go      registers to the disk and back
//	config.go, mask.go, reserve.go   the other commands (maclist.go: their lists)
//	request.go  a frame's stay in the server; addresses the reply
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
//	counts.go   counts on the way (histogram.go), for others to read (stats.go)
//	words.go    what the log and errors say of work
//	pulse.go    lets others see that the leader's loop turns
//
// The protocol's files (blade, ata, config, mask, reserve, request) have no
// sockets, clocks, goroutines or logging in them.
//
// BUG(1): Of several blades on one link only the first answers a broadcast.
package blade
