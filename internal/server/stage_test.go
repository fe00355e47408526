// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/internal/server"
	"vblade/test/frametest"
)

// The fakes are what a server takes.
var (
	_ ata.Store   = (*frametest.Store)(nil)
	_ server.Link = (*frametest.Link)(nil)
	_ server.Host = (*frametest.Host)(nil)
	_ server.Log  = (*frametest.Log)(nil)
)

// patience is how long a test waits for what must happen, before it fails.
const patience = 10 * time.Second

// stage is a server on links in memory, with its log and its end: what all tests
// of this package have in common.
type stage struct {
	t      testing.TB
	server *server.Server
	ports  []*server.Port // of the links, in their order
	log    *frametest.Log
	keeper server.Keeper // of what is added from now on; nil for none
	stop   context.CancelFunc
	ended  chan struct{} // closed when Serve has returned
	err    error         // what it returned
}

// newStage makes a server that has no exports and does not serve yet, on links of
// a host, each with n buffers of length bytes.
func newStage(t testing.TB, host server.Host, n, length int, links ...server.Link) *stage {
	t.Helper()
	s := &stage{t: t, log: new(frametest.Log)}
	s.server = server.New(host, s.log)
	s.server.LookAtSizesEvery(time.Hour) // tests of that look more often
	s.server.ForgiveStalls()
	for _, l := range links {
		s.attach(l, n, length)
	}
	return s
}

// attach puts one more link into use.
func (s *stage) attach(l server.Link, n, length int) *server.Port {
	s.t.Helper()
	bufs := make([][]byte, n)
	for i := range bufs {
		bufs[i] = bytes.Repeat([]byte{0xd5}, length) // what no reply may hold
	}
	p, err := s.server.Attach(l, bufs)
	if err != nil {
		s.t.Fatal(err)
	}
	s.ports = append(s.ports, p)
	return p
}

// add serves blades on all ports.
func (s *stage) add(blades ...*blade.Blade) {
	s.t.Helper()
	for _, b := range blades {
		if err := s.server.AddWith(b, server.Options{Keeper: s.keeper}, s.ports...); err != nil {
			s.t.Fatal(err)
		}
	}
}

// serve starts the server, which has the time given to end. It ends with the
// test, if not before.
func (s *stage) serve(within time.Duration) {
	ctx, stop := context.WithCancel(context.Background())
	s.stop, s.ended = stop, make(chan struct{})
	go func() {
		defer close(s.ended)
		s.err = s.server.Serve(ctx, within)
	}()
	s.t.Cleanup(s.end)
}

// end ends the server; what it has received by then is answered.
func (s *stage) end() {
	s.t.Helper()
	s.stop()
	select {
	case <-s.ended:
	case <-time.After(patience):
		s.t.Fatal("Serve does not return")
	}
}
