// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"time"

	"vblade/internal/journal"
	"vblade/internal/monitor"
	"vblade/internal/stats"
	"vblade/internal/systemd"
)

// observation is how a run can be watched: by signals, by metrics, and by its
// service manager.
type observation struct {
	asked    chan os.Signal
	listener net.Listener      // for metrics; nil without --metrics
	notifier *monitor.Notifier // nil without a service manager
}

// openObservation opens what observing needs, before the process is confined.
func openObservation(o options) (*observation, error) {
	w := &observation{asked: make(chan os.Signal, 1)}
	if o.metrics != "" {
		var err error
		if w.listener, err = monitor.Listen(o.metrics); err != nil {
			return nil, err
		}
	}
	signal.Notify(w.asked, reportSignals()...)
	return w, nil
}

// inheritObservation is openObservation with the listener of another process.
func inheritObservation(f *os.File) (*observation, error) {
	l, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("use the other server's socket for metrics: %w", err)
	}
	w := &observation{asked: make(chan os.Signal, 1), listener: l}
	signal.Notify(w.asked, reportSignals()...)
	return w, nil
}

// close closes what openObservation has opened.
func (w *observation) close() {
	signal.Stop(w.asked)
	if w.listener != nil {
		w.listener.Close()
	}
}

// goodbye is how long the end may wait for those who watch, and for the rest of
// standard error to be read.
const goodbye = 400 * time.Millisecond

// watched is what is observed: the server of one export or of many.
type watched interface {
	Stats() stats.Server
	Pulse(interval time.Duration, beat func())
}

// attach makes a server's loop feed the service manager's watchdog, if there is
// one. The server must not serve yet.
func (w *observation) attach(srv watched, log *journal.Log) {
	complain := func(err error) { log.Warnf("%v", err) }
	w.notifier = monitor.NewNotifier(monitor.NewStatus(srv.Stats).Line, complain)
	if w.notifier == nil {
		return
	}
	if interval, err := systemd.WatchdogInterval(); err != nil {
		complain(err)
	} else if interval > 0 {
		srv.Pulse(interval, w.notifier.Beat)
	}
}

// begin starts observing a server, to which the observation is attached, until
// ctx ends. The function that it returns ends it, after the server.
func (w *observation) begin(ctx context.Context, srv watched, j *journal.Journal) (end func()) {
	closeMetrics := func() error { return nil }
	if w.listener != nil {
		closeMetrics = monitor.ServeMetrics(w.listener, srv.Stats).Close
	}
	notified := w.notify(ctx)
	reports := j.Logger(journal.Info).Writer()
	reported := make(chan struct{})
	go func() {
		defer close(reported)
		for range w.asked {
			io.WriteString(reports, monitor.Report(srv.Stats()))
		}
	}()
	return func() {
		closeMetrics()
		signal.Stop(w.asked)
		close(w.asked)
		late := time.After(goodbye)
		for _, heard := range []chan struct{}{reported, notified} {
			select {
			case <-heard:
			case <-late:
				return
			}
		}
	}
}

// notify tells the service manager, if there is one, that the server is ready,
// and its status until ctx ends. It closes the channel once it has reported the
// end.
func (w *observation) notify(ctx context.Context) chan struct{} {
	told := make(chan struct{})
	go func() {
		defer close(told)
		if w.notifier != nil {
			w.notifier.Run(ctx)
		}
	}()
	return told
}
