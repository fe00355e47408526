// SPDX-License-Identifier: GPL-2.0-only

// Package model explores all interleavings of a small crew: who leads, how the
// watch takes the lead from one that a call keeps, what the next leader goes on
// with, and the end. It is a model, not the server: a step is what the server
// does at once, under its lock or by one compare-and-swap, and waiting ends when
// what is waited for is so, so that a wake-up that is lost is not found here.
//
// The server has four leads, of which the last without another that stands by
// does no call that may keep it, and many workers. The crews explored have up to
// four leads and few workers: a lead depends on others only by whether one stands
// by, and a worker on nobody. Not in the model are what the leader lends to whom
// (shares of the crew and of the buffers), its other waits, and a ring.
//
// A crew follows the server's rule, by which leads stand by and do nothing else,
// or one with a fault that the explorer must find. The most telling is the rule
// that the server had once: anybody may lead, and a leader does a call itself
// while a count says that somebody is free.
package model
