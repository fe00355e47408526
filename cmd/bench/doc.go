// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

// Command bench measures vblade beside the C program that it succeeds, in one run
// on one machine: requests per second, CPU per request, latency, lost frames and
// memory, for the workloads of package plan.
//
//	bench [-short] [-rounds N] [-only REGEX] [-list] [-out DIR]
//
// It makes a network namespace with virtual wires, starts the target programs on
// a CPU of their own and loads them from another, through the initiator of this
// project. Rounds alternate between the programs, and every sample is of a new
// process, so that neither inherits anything. An echo, which answers like a
// target but has no disk, shows the limits of the wire and the load.
//
// Mounts are in a mount namespace of its own, and files have no names, so nothing
// is left behind, even if the benchmark or a program under test crashes.
//
// Package plan says what is measured; measure does it, with rig, disks, load and
// echo; result holds the results; present shows them.
package main
