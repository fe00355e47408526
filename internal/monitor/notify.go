// SPDX-License-Identifier: GPL-2.0-only

package monitor

import (
	"context"
	"fmt"
	"os"
	"time"

	"vblade/internal/systemd"
)

// statusEvery is how often the service manager's status line is updated, if it
// changes.
const statusEvery = 3 * time.Second

// Notifier reports to a service manager that speaks systemd's protocol. A manager
// that does not read blocks only the Notifier.
type Notifier struct {
	status   func() string
	complain func(error)
	beats    chan struct{}
	told     string // the last status
	failed   bool
}

// NewNotifier returns a Notifier, or nil if there is no service manager. The
// Notifier complains once if the manager cannot be reached.
func NewNotifier(status func() string, complain func(error)) *Notifier {
	if os.Getenv("NOTIFY_SOCKET") == "" {
		return nil
	}
	return &Notifier{status: status, complain: complain, beats: make(chan struct{}, 1)}
}

// Beat makes the Notifier feed the watchdog. It never blocks; it is called by the
// loop that the watchdog watches.
func (n *Notifier) Beat() {
	select {
	case n.beats <- struct{}{}:
	default: // the last one was not sent yet
	}
}

// Run reports that the service is ready, then its status and its beats, and when
// ctx ends, that it stops.
func (n *Notifier) Run(ctx context.Context) {
	tick := time.NewTicker(statusEvery)
	defer tick.Stop()
	n.told = n.status()
	n.tell(systemd.Ready + "\nSTATUS=" + n.told)
	for {
		select {
		case <-ctx.Done():
			n.tell(systemd.Stopping)
			return
		case <-n.beats:
			n.tell(systemd.Watchdog)
		case <-tick.C:
			if now := n.status(); now != n.told {
				n.told = now
				n.tell("STATUS=" + now)
			}
		}
	}
}

// tell sends a message.
func (n *Notifier) tell(message string) {
	err := systemd.Notify(message)
	if err != nil && !n.failed {
		n.complain(fmt.Errorf("notify the service manager: %w", err))
	}
	n.failed = err != nil
}
