// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

// Command bench measures vblade beside the C program that it succeeds, in one run
// on one machine: requests per second, CPU per request, latency, lost frames and
// memory, for the workloads of package plan.
//
//	bench [-short] [-rounds N] [-only REGEX] [-list] [-out DIR]
//
// It makes a network namespace with virtual wires, starts the target programs on a
// CPU of their own and loads them from another, through the initiator of this
// project. Rounds alternate between the programs, and every sample is of a process
// newly started, so that neither inherits anything. An echo, which answers as a
// target would but has no disk, shows how far the wire and the load reach by
// themselves.
//
// Mounts are in a mount namespace of its own, and files have no names: nothing is
// left behind, however the benchmark or a program under test ends.
//
// Measuring and presenting are apart: plan says what is measured, measure does it
// with the help of rig, disks, load and echo, result holds what was found, present
// shows it.
package main
