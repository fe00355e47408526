// SPDX-License-Identifier: GPL-2.0-only

// Package unixsocket does what package net leaves out for Unix sockets: it listens
// where a dead process has left its socket, says what is wrong with a path, and finds
// out which process is at the other end of a connection.
package unixsocket
