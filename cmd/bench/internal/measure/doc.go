// SPDX-License-Identifier: GPL-2.0-only

// Package measure measures what package plan says. In rounds that alternate
// between the programs it starts a new process, loads it and takes a sample
// (measure.go, sample.go). A program may be a fleet: a process for each export,
// or a server to which exports are added (fleet.go). Some workloads measure more
// than a rate: one export hangs (hang.go), or memory and the time to start are
// measured (sizes.go).
package measure
