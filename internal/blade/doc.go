// SPDX-License-Identifier: GPL-2.0-only

// Package blade answers frames. A Blade is one export: a disk and the state
// that AoE gives it (config string, MAC masks, reservation). A Server takes
// frames from links, finds the blades that they address, has their disks do the
// work and sends the frames back as replies.
//
// A frame's way through the package, in the order of the files:
//
//	server.go   receive a batch, route each frame to its blade, send the replies
//	blade.go    admit the frame, dispatch on its command, address the reply
//	ata.go      registers to the disk and back
//	config.go, mask.go, reserve.go   the other commands
//
// Protocol code here has no sockets, clocks, goroutines or logging in it: only
// server.go has.
package blade
