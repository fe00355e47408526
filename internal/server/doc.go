// SPDX-License-Identifier: GPL-2.0-only

// Package server serves exports over links: it takes frames from a link, finds
// the blade that each addresses, has its disk do the work and sends the frames
// back as replies.
//
// A frame's way through the package, in the order of the files:
//
//	server.go   ports, exports and the crew; how they start and end
//	site.go     adds and removes ports and exports (ask.go: between two turns)
//	remnant.go  keeps the order with calls that hang when their export is removed
//	lead.go     the leader's loop; watch.go takes the lead from one that a call keeps
//	inbox.go    receives on all ports, and puts what came in order
//	age.go      tells which frames have waited for too long, freeze.go which requests
//	turn.go     the leader's batch: received, accepted, lent to the crew
//	route.go    finds whom a frame means; chores.go answers for all exports of a port
//	keep.go     has a change kept before it takes effect
//	request.go  a frame's stay in the server
//	share.go    bounds what one export may have in flight
//	crew.go     what is queued (queue.go), and whose turn it is
//	worker.go   does what is queued
//	ring.go     what a lead has in flight by io_uring (fly.go: how it waits and lands;
//	            ringwatch.go: how it hears of frames meanwhile)
//	run.go      contiguous requests, done in one system call, and batches of writes
//	outbox.go   replies on their way, and the buffers that come back for theirs
//	pace.go     tells work that waits for a disk from work that does not, by its time
//	            and by whether the thread slept (switches_unix.go)
//	port.go     a link in use; linkstate.go follows its ups and downs, filter.go
//	            has it drop what is for nobody
//	export.go   an export in use; lanes.go numbers their parts of the order
//	health.go   logs when a disk begins to fail, and when it works again
//	failstop.go ends the answers of an export whose disk is gone
//	hang.go     logs when a request does not end, and knows the oldest
//	sizes.go    finds out when a disk has grown or shrunk
//	announce.go advertises again what others ask for, or every so often
//	end.go      finishes what is in flight, and says what could not be
//	report.go   logs who changed a reservation or the masks
//	counts.go   counts on the way, for others to read (stats.go), also of the last
//	            seconds (recent.go)
//	initiators.go  knows who uses an export, and what was sent again (recall.go)
//	rival.go    hears other targets of an export's address, and counts them
//	words.go    what the log and errors say of work
//	pulse.go    lets others see that the leader's loop turns
//
// "Section" and "difference" in a comment are those of docs/protocol.md.
package server
