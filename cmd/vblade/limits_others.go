// SPDX-License-Identifier: GPL-2.0-only

//go:build !linux

package main

// raiseLimits has nothing to raise here.
func raiseLimits() {}
