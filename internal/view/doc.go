// SPDX-License-Identifier: GPL-2.0-only

// Package view shows people what a server says of its exports: all of them in a
// table (list.go), one in full (one.go), and the busiest (top.go). It makes text and
// nothing else, and trusts nothing of what it shows: no byte of it steers a terminal.
//
// table.go lays out columns, words.go writes figures, and ethers.go knows the names
// of MACs.
package view
