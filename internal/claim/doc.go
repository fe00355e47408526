// SPDX-License-Identifier: GPL-2.0-only

// Package claim keeps two processes of a host from serving one address on one
// interface: initiators would see now the one disk, now the other.
//
//	c, err := claim.Take("e9.0", "eth0")
//	...
//	defer c.Release()
//
// On Linux (claim_linux.go) a claim is an abstract Unix socket that listens: its
// name can be bound once in a network namespace, the kernel frees it when the
// process dies, it leaves nothing behind, and whoever connects learns who
// listens. A process that does not accept the connection serves nothing any more.
// Any local user can bind such a name. Hence only root and our own user are
// believed, and everything else is a doubt, which is no reason not to serve.
//
// A process that is confined (package confine) may not connect and cannot tell: it
// doubts. Whoever asks it to serve has to ask by Ask.
//
// BUG(1): On systems other than Linux nothing is claimed, and nobody is found.
package claim
