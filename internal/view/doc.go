// SPDX-License-Identifier: GPL-2.0-only

// Package view shows what a server says about its exports as text: all of them in
// a table (list.go), one in full (one.go), and the busiest (top.go). It does not
// trust what it shows: no byte of it can control a terminal.
//
// table.go lays out columns, words.go writes figures, and ethers.go knows the names
// of MACs.
package view
