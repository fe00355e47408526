// SPDX-License-Identifier: GPL-2.0-only

// Package echo is a target without a disk. It shows the limits of the wire, the
// load, and the ways to receive and send. It uses package netio, and receives,
// sends and waits as vblade does.
package echo
