// SPDX-License-Identifier: GPL-2.0-only

//go:build !freebsd

package main

import (
	"os"
	"syscall"
)

// reportSignals are the signals that ask for a report.
func reportSignals() []os.Signal { return []os.Signal{syscall.SIGUSR1} }
