// SPDX-License-Identifier: GPL-2.0-only

//go:build !linux

package main

// permissionHint has nothing to add to what the link's error says.
func permissionHint() string { return "" }
