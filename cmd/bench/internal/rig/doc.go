// SPDX-License-Identifier: GPL-2.0-only

// Package rig is what the benchmark's measurements are made with: CPUs and
// namespaces of its own (cpus.go), wires (wire.go), programs that it starts
// (process.go), meters of their CPU time (meter.go) and memory (memory.go), and a
// description of the machine (machine.go).
package rig
