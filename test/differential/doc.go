// SPDX-License-Identifier: GPL-2.0-only

// Package differential compares this project's vblade with the C program that
// it replaces: both serve equal files, each on a wire of its own with the same
// target address, both get the same frames, and their replies must be the same
// byte for byte, and the files in the end.
//
// Run it as root, or under `unshare -rn`; it needs Debian's vblade and iproute2:
//
//	go test -count=1 -v ./test/differential
//	go test -count=1 -v -short ./test/differential
//
// Environment:
//
//	VBLADE_DIFF_SEED    the seed, to run the same frames again; drawn if not set
//	VBLADE_DIFF_FRAMES  how many frames; 40000, with -short 2000, if not set
//
// # What may differ
//
// Only what section 8 of docs/protocol.md lists. Every such difference is recognized
// by the request, the state that the blade is in, the C program's reply and ours, as
// narrowly as these allow: rules for what shows in a reply, hazards for what leaves
// the C program in another state, or dead. Everything else fails the test. The
// differences are counted, and the counts printed at the end.
//
// The quiet legs send nothing that provokes a defect of the C program; there
// only the flush (1, 2) and the padding of short replies (13) may differ.
//
// # How it works
//
// A leg is a run with one MTU and one set of options. Its generator draws frames
// from the seed and from a model of the blade (masks, config string), never from
// the programs' replies: the same seed makes the same frames. They go out in
// small groups, each with a sentinel behind it, a config read from an admitted
// source that is always answered. The C program answers in order: after its reply
// to the sentinel there is nothing to come. Ours may answer out of order; it is
// waited for until it sent all that it should, and a reply that comes too late to
// be looked at with its group is one too many for the next. A group ends with a
// frame that changes the masks: ours serves whom that admits from its reply on
// (14). A frame with a hazard goes alone; then both programs are started afresh,
// and the generator's model with them.
//
// Ten exports on one interface (17) are ten C processes, and of ours as many, or
// one server: there every export answers for itself, in any order, so that the
// replies are compared as sets. Nothing is sent that provokes a defect.
//
//	leg_linux_test.go        the legs, and the loop of one
//	pair_linux_test.go       both programs: start, exchange, start afresh
//	side_linux_test.go       one program and the initiator's end of its wire
//	generate…_linux_test.go  frames
//	model_linux_test.go      masks and config string as section 4 and 5 want them
//	clist_linux_test.go      the C program's mask list, with its defects
//	hazard_linux_test.go     differences that end a pair
//	rules_linux_test.go      differences that show in a reply
//	judge_linux_test.go      compare what came back
//	coverage_linux_test.go   what the frames came to
//	report_linux_test.go     what a person sees
//	several_linux_test.go    ten exports on one interface
//	chorus_linux_test.go     replies of several exports, compared as sets
package differential
