// SPDX-License-Identifier: GPL-2.0-only

// Package blade is one export as initiators see it: a disk, and the state that
// AoE gives it (config string, MAC masks, reservation). A Blade processes a
// request as far as possible without the disk, says which work is left, and edits
// the frame into its reply.
//
//	blade.go    what a Blade is; dispatches on a frame's command
//	request.go  a frame on its way, and how it becomes the reply
//	ata.go      registers to the disk and back
//	config.go, mask.go, reserve.go   the other commands (maclist.go: their lists)
//	state.go    what initiators have set, and how a change waits to be kept
//	fault.go    why a request was refused
//
// Nothing in this package opens a socket, reads a clock, starts a goroutine or
// logs; package server does that. Only one goroutine at a time may call a Blade's
// methods; another one may call those of a Request that waits for its work.
//
// "Section" and "difference" in a comment are those of docs/protocol.md.
package blade
