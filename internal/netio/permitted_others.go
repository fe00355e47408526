// SPDX-License-Identifier: GPL-2.0-only

//go:build !linux

package netio

// Permitted returns why this process may not open a Link, or nil if it may, or if
// only opening one can tell.
func Permitted() error { return nil }
