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

// Limits of clients: a few at a time, for a short time, with one request each.
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
		writePage(w, &s) // a client that does not read gets no page
	})
	m := &Metrics{http.Server{
		Handler:        mux,
		ReadTimeout:    clientLimit,
		WriteTimeout:   clientLimit,
		MaxHeaderBytes: maxHeader,
		ErrorLog:       log.New(io.Discard, "", 0), // faults of clients are not logged
	}}
	m.server.SetKeepAlivesEnabled(false)
	go m.server.Serve(netutil.LimitListener(l, maxClients))
	return m
}

// Close stops serving and closes the connections. A Unix socket's file remains if
// the process may not remove it any more; the next Listen replaces it.
func (m *Metrics) Close() error { return m.server.Close() }
