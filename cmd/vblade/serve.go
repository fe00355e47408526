// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"vblade/internal/control"
	"vblade/internal/fdstore"
	"vblade/internal/journal"
	"vblade/internal/netio"
)

// host is all that "vblade serve" has open.
type host struct {
	journal  *journal.Journal
	log      *journal.Log
	store    *fdstore.Store      // nil if no service manager keeps files
	old      *control.Succession // nil without --replace
	exports  []*control.Export   // from before a restart
	listener *net.UnixListener
	observed *observation
	site     *site
	shared   *os.File // the metrics' listener, for a successor
}

// serveMany serves the exports that clients add, until a signal ends it or a
// successor takes over.
func serveMany(o options, c console) error {
	h := &host{journal: c.journal, log: c.log()}
	defer h.close()
	if err := h.open(o); err != nil {
		return err
	}
	netio.AllowLocking() // for links that are opened once the process is confined
	ctx, stop := untilSignal(oneSignal)
	defer stop()
	if err := c.restrict(o); err != nil {
		h.log.Warnf("the process keeps rights that it does not need: %v", err)
	}
	h.observed.attach(h.site.server, h.log)
	ended := h.start()
	s := control.NewServer(h.config(o))
	withdrawing, cease := context.WithCancel(ctx)
	defer cease()
	go h.site.withdrawGone(withdrawing, s)
	err := h.begin(s)
	if err == nil {
		fmt.Fprintf(c.stdout, "pid %d: listens at %s\n", os.Getpid(), o.control)
		end := h.observed.begin(ctx, h.site.server, h.journal)
		defer end()
		err = s.Serve(ctx, h.listener)
	}
	if errors.Is(err, control.ErrReplaced) {
		err = nil
	}
	return errors.Join(err, ended())
}

// start has the site serve, until the function that it returns is called.
func (h *host) start() (end func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- h.site.serve(ctx) }()
	return func() error {
		cancel()
		return <-ended
	}
}

// open opens what cannot be opened once the process is confined. Descriptors that
// were kept over a restart come first, because they are identified by their
// numbers.
func (h *host) open(o options) (err error) {
	if h.store = fdstore.New(); h.store != nil {
		h.restore()
	}
	if h.site, err = openSite(h.journal); err != nil {
		return err
	}
	h.site.announce = o.announce
	if o.replace {
		if h.old, err = control.TakeOver(o.control); err != nil {
			return err
		}
		if h.listener, err = h.old.Listener(); err != nil {
			return err
		}
	} else if h.listener, err = control.Listen(o.control); err != nil {
		return err
	}
	if err = netio.Permitted(); err != nil {
		return linkError(err, o) // here, and not for each export when it is added
	}
	if h.old != nil && o.metrics != "" {
		if f := h.old.Take(metricsName(o)); f != nil {
			defer f.Close()
			h.observed, err = inheritObservation(f)
			return err
		}
	}
	h.observed, err = openObservation(o)
	return err
}

// metricsName is the name of the metrics' listener in a handover.
func metricsName(o options) string { return "metrics " + o.metrics }

// restore takes back the exports that the service manager has kept.
func (h *host) restore() {
	kept, warnings := h.store.Restore()
	for _, k := range kept {
		e, err := control.Decode(k.Parameters, k.Files)
		if err == nil && e.Name() != k.Name {
			err = fmt.Errorf("it is %s", e.Name())
			e.Close()
		}
		if err != nil {
			warnings = append(warnings, fmt.Errorf("%s is lost: what the service manager kept of it does not fit: %w", k.Name, err))
			h.store.Drop(k.Name)
			continue
		}
		h.exports = append(h.exports, e)
	}
	for _, w := range warnings {
		h.log.Warnf("%v", w)
	}
}

// config returns the configuration of the control socket.
func (h *host) config(o options) control.Config {
	c := control.Config{Engine: h.site, Log: h.log, End: endWithin}
	if h.store != nil {
		c.Keeper = h.store
	}
	if h.shared = listenerFile(h.observed.listener); h.shared != nil {
		c.Listeners = map[string]*os.File{metricsName(o): h.shared}
	}
	return c
}

// begin serves the exports of an earlier process, or those that are taken over.
func (h *host) begin(s *control.Server) error {
	exports := h.exports
	h.exports = nil
	s.Restore(exports)
	if h.old == nil {
		return nil
	}
	return s.Succeed(h.old)
}

// close closes what open has opened.
func (h *host) close() {
	for _, e := range h.exports {
		e.Close()
	}
	if h.old != nil {
		h.old.Close()
	}
	if h.listener != nil {
		h.listener.Close()
	}
	if h.site != nil {
		h.site.close()
	}
	if h.observed != nil {
		h.observed.close()
	}
	if h.shared != nil {
		h.shared.Close()
	}
}

// listenerFile returns a duplicate of a listener's descriptor, or nil without a
// listener. The socket's path remains, for the process that gets the duplicate.
func listenerFile(l net.Listener) *os.File {
	if u, ok := l.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false)
	}
	if l, ok := l.(interface{ File() (*os.File, error) }); ok {
		if f, err := l.File(); err == nil {
			return f
		}
	}
	return nil
}
