// SPDX-License-Identifier: GPL-2.0-only

package lab

import (
	"os"
	"os/signal"
	"syscall"
)

// HeedSignals makes programs that this process starts heed SIGHUP and SIGINT,
// even if this process was started with them ignored, as by nohup, and goes on
// ignoring them itself.
func HeedSignals() {
	for _, s := range []os.Signal{syscall.SIGHUP, syscall.SIGINT} {
		if signal.Ignored(s) {
			signal.Notify(make(chan os.Signal, 1), s)
		}
	}
}
