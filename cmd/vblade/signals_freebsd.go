// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"os"
	"syscall"
)

// reportSignals are the signals that ask for a report. The terminal sends SIGINFO
// for control-T.
func reportSignals() []os.Signal { return []os.Signal{syscall.SIGUSR1, syscall.SIGINFO} }
