// SPDX-License-Identifier: GPL-2.0-only

// Package plan says what the benchmark measures: the workloads (workload.go,
// workloads.go), the programs that run each, and the goals (goals.go). It is data;
// package measure does what it says.
package plan
