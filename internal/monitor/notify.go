// SPDX-License-Identifier: GPL-2.0-only

package monitor

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// statusEvery is how often the service manager's status line is renewed, while
// it changes.
const statusEvery = 3 * time.Second

// Notifier tells a service manager that speaks systemd's protocol what goes on.
// A manager that does not listen can hold up nobody but the Notifier.
type Notifier struct {
	status   func() string
	complain func(error)
	beats    chan struct{}
	told     string // the last status
	failed   bool
}

// NewNotifier returns a Notifier, nil where no service manager listens. It
// complains, once, where one cannot be reached.
func NewNotifier(status func() string, complain func(error)) *Notifier {
	if os.Getenv("NOTIFY_SOCKET") == "" {
		return nil
	}
	return &Notifier{status: status, complain: complain, beats: make(chan struct{}, 1)}
}

// WatchdogInterval is how often the manager wants to hear that the service
// lives; 0 where it does not.
func WatchdogInterval() (time.Duration, error) {
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return 0, fmt.Errorf("read the watchdog's interval from WATCHDOG_USEC: %w", err)
	}
	return interval, nil
}

// Beat has the watchdog fed. It never blocks: it is for the loop that the
// watchdog is to watch.
func (n *Notifier) Beat() {
	select {
	case n.beats <- struct{}{}:
	default: // the last is yet to be told
	}
}

// Run tells that the service is ready, then its status and its beats, and when
// ctx ends, that it stops.
func (n *Notifier) Run(ctx context.Context) {
	tick := time.NewTicker(statusEvery)
	defer tick.Stop()
	n.told = n.status()
	n.tell(daemon.SdNotifyReady + "\nSTATUS=" + n.told)
	for {
		select {
		case <-ctx.Done():
			n.tell(daemon.SdNotifyStopping)
			return
		case <-n.beats:
			n.tell(daemon.SdNotifyWatchdog)
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
	_, err := daemon.SdNotify(false, message)
	if err != nil && !n.failed {
		n.complain(fmt.Errorf("notify the service manager: %w", err))
	}
	n.failed = err != nil
}
