// SPDX-License-Identifier: GPL-2.0-only

// Package lab makes test networks for the tests, the demo and the benchmark:
// a Host is a private network namespace in which wires (veth pairs) are laid
// and programs started. Nothing outside the namespace sees its traffic, and
// the kernel removes namespace and wires with the last user of them.
//
// A Host needs CAP_NET_ADMIN and CAP_SYS_ADMIN: root, or `unshare -rn`.
package lab
