// SPDX-License-Identifier: GPL-2.0-only

// Package echo is a target without a disk: it shows how far the wire, the load and
// the ways to the wire reach by themselves. It is the one part of the benchmark that
// uses package netio, and receives, sends and waits as vblade does.
package echo
