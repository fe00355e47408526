// SPDX-License-Identifier: GPL-2.0-only

// Package endurance is what vblade must outlive: hostile frames, floods, many
// initiators at once, crashes, and all of it for a long time with links, disk and
// administrators at their worst.
//
// Run it as root, or under `unshare -rn`. `make test` runs what takes seconds;
// what takes its time, or a machine that does nothing else, runs with SOAK, which
// says for how long:
//
//	go test -count=1 -v ./test/endurance
//	SOAK=20s go test -count=1 -v -run 'Soak|Flood' ./test/endurance
//
// Frames, requests and faults are drawn from a seed, which is printed.
//
//	hostile_linux_test.go     200,000 frames as no initiator sends them (frames)
//	foreign_linux_test.go     frames for others cost nothing
//	flood_linux_test.go       what a flood leaves to those who read
//	initiators_linux_test.go  ten initiators with 64 requests outstanding each
//	crash_linux_test.go       SIGKILL amid writes
//	soak_linux_test.go        random requests, random faults, with workers and with io_uring
//	                          (soakfaults, faults, admin, lan)
//	fleetsoak_linux_test.go   the same for a server with 200 exports (fleetfaults, fleet)
//	isolation_linux_test.go   one of twenty exports hangs
//
// They share the load, an initiator that reads and writes at random, and the
// ledger, which knows what a sector may hold at any time.
package endurance
