// SPDX-License-Identifier: GPL-2.0-only

// Package claim keeps two processes of a host from serving the same address on
// the same interface, where initiators would see the two disks by turns.
//
//	c, err := claim.Take("e9.0", "eth0")
//	...
//	defer c.Release()
//
// On Linux (claim_linux.go) a claim is an abstract Unix socket that listens. Its
// name can be bound once in a network namespace, the kernel frees it when the
// process dies, it leaves nothing behind, and a process that connects to it
// learns which process listens. A holder that does not accept the connection has
// stopped serving. Any local user can bind such a name, so only root, our own user
// and the owner of /run/vblade, whom the server runs as, are believed. If the holder
// is another user, it is not known whether the address is served, and that is no
// reason not to serve it.
//
// A confined process (package confine) may not connect, so it cannot tell. The
// process that asks it to serve has to call Ask before.
//
// BUG(1): On systems other than Linux nothing is claimed, and nobody is found.
package claim
