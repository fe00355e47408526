// SPDX-License-Identifier: GPL-2.0-only

//go:build !linux

package main

// permissionHint returns nothing: the link's error says enough.
func permissionHint() string { return "" }
