// SPDX-License-Identifier: GPL-2.0-only

package lab

import (
	"os"
	"os/signal"
	"syscall"
)

// HeedSignals undoes that this process was started with SIGHUP or SIGINT ignored,
// as nohup does: programs under test would inherit that, and not end by them. The
// process itself goes on ignoring them.
func HeedSignals() {
	for _, s := range []os.Signal{syscall.SIGHUP, syscall.SIGINT} {
		if signal.Ignored(s) {
			signal.Notify(make(chan os.Signal, 1), s)
		}
	}
}
