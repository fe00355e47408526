// SPDX-License-Identifier: GPL-2.0-only

package monitor

import (
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"

	"vblade/internal/stats"
)

// What a client may take of us: a few at a time, not for long, one question each.
const (
	maxClients  = 4
	clientLimit = 5 * time.Second
	maxHeader   = 4 << 10 // bytes
)

// Metrics serves a page of a server's counters at /metrics.
type Metrics struct{ server http.Server }

// ServeMetrics serves what count returns on l, until Close.
func ServeMetrics(l net.Listener, count func() stats.Server) *Metrics {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		s := count()
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		writePage(w, &s) // who does not read it has no page
	})
	m := &Metrics{http.Server{
		Handler:        mux,
		ReadTimeout:    clientLimit,
		WriteTimeout:   clientLimit,
		MaxHeaderBytes: maxHeader,
		ErrorLog:       log.New(io.Discard, "", 0), // a client's faults are no news
	}}
	m.server.SetKeepAlivesEnabled(false)
	go m.server.Serve(netutil.LimitListener(l, maxClients))
	return m
}

// Close ends the serving, and the connections. A Unix socket's file stays where
// the process may not remove it any more; the next Listen replaces it.
func (m *Metrics) Close() error { return m.server.Close() }
