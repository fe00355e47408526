// SPDX-License-Identifier: GPL-2.0-only

// Package lab makes test networks for the tests, the demo and the benchmark:
// a Host is a private network namespace in which wires (veth pairs) are laid
// and programs started. Nothing outside the namespace sees its traffic, and
// the kernel removes namespace and wires with the last user of them.
//
// A Host needs CAP_NET_ADMIN and CAP_SYS_ADMIN: root, or `unshare -rn`.
//
// A Process is a program that was started, a Server a `vblade serve` with the
// Manager that keeps descriptors for it. A Station is a raw socket on an interface,
// and a Terminal what a program on a terminal shows. A Clock tells the time that a test
// has had. loop_linux.go makes files block devices, http_linux.go reads metrics, and
// testing_linux.go skips tests for which something is missing.
package lab
