// SPDX-License-Identifier: GPL-2.0-only

//go:build !linux

package main

// raiseLimits does nothing on this system.
func raiseLimits() {}
