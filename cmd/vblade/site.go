// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"vblade/internal/journal"
	"vblade/internal/netio"
	"vblade/internal/server"
	"vblade/internal/stats"
)

// How the receiving waits for the next frame: first awake, then in a raw system
// call, which does not release the P, and at last in an ordinary one.
const (
	spin   = 50 * time.Microsecond
	linger = time.Millisecond
)

// site is everything that the process has open to serve exports: the host's
// interfaces, the links in use, the disks, and the server between them.
type site struct {
	host   *netio.Host
	server *server.Server
	log    *journal.Log
	conf   func(export, file string) // names an export's conf file to the log
	rivals *rivals
	name   string        // of the host, for the serial numbers
	gone   chan diskGone // for exports with --fail-stop

	announce time.Duration // between advertisements of exports that do not say; 0 for none

	mu      sync.Mutex // held while links and exports come and go
	links   map[string]*usedLink
	exports map[string]*served // by their names
	hanging int                // removed exports whose calls still use links and disks
	undone  bool               // the server has not ended cleanly: its calls may, too
}

// openSite opens the host, with no links and no exports.
func openSite(j *journal.Journal) (*site, error) {
	name, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("find the host's name for the serial numbers: %w", err)
	}
	host, err := netio.NewHost(netio.HostConfig{Linger: linger, Spin: spin})
	if err != nil {
		return nil, err
	}
	srv := server.New(host, j.Log(""))
	if err := useRings(srv, os.Getenv); err != nil {
		j.Log("").Warnf("workers wait for disks, which costs more: %v", err)
	}
	return &site{
		host:    host,
		server:  srv,
		log:     j.Log(""),
		conf:    j.SetConf,
		rivals:  newRivals(j.Log(""), srv),
		name:    name,
		gone:    make(chan diskGone),
		links:   make(map[string]*usedLink),
		exports: make(map[string]*served),
	}, nil
}

// ringsOff is the environment variable that, set to off, makes workers wait for
// all disks.
const ringsOff = "VBLADE_IO_URING"

// useRings makes a server use io_uring, unless the environment says otherwise.
func useRings(s *server.Server, getenv func(string) string) error {
	if getenv(ringsOff) == "off" {
		return nil
	}
	return s.UseRings()
}

// Announce advertises an export, or all, as server.Server.Announce does.
func (s *site) Announce(name string) (waiting []string, err error) { return s.server.Announce(name) }

// Stats returns the counters of all exports and links.
func (s *site) Stats() stats.Server { return s.server.Stats() }

// Users returns what initiators have set on an export, and who they are.
func (s *site) Users(name string) (stats.Users, error) { return s.server.Users(name) }

// Waiting returns which links of an export carry no frames, and why.
func (s *site) Waiting(name string) (waiting []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.exports[name]
	if e == nil {
		return nil
	}
	for _, link := range e.links {
		if err := s.links[link].Down(); err != nil {
			waiting = append(waiting, link+": "+err.Error())
		}
	}
	return waiting
}

// earlyGC makes the garbage collector run early, in percent of the heap in use.
// Serving makes no garbage, and everything else should not take much memory.
const earlyGC = 25

// serve serves until ctx ends. Its error says what that has left undone.
func (s *site) serve(ctx context.Context) error {
	// A call that waits for a disk keeps its P for a while. With a P for every
	// worker the receiving never waits for one.
	runtime.GOMAXPROCS(server.CrewSize + runtime.NumCPU())
	debug.SetGCPercent(earlyGC)
	debug.FreeOSMemory() // the memory that starting has used
	// From then on it receives nothing, so a process that starts in its place
	// need not wait.
	defer context.AfterFunc(ctx, s.releaseClaims)()
	s.rivals.begin(ctx)
	go s.watchRivals(ctx)
	err := s.server.Serve(ctx, endWithin)
	s.rivals.end()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.undone = s.undone || err != nil
	return err
}

// releaseClaims releases the claims of all exports.
func (s *site) releaseClaims() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.exports {
		e.claims.release()
	}
}

// close closes what is open, unless something may still use it.
func (s *site) close() error {
	s.releaseClaims()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.undone || s.hanging > 0 {
		return nil
	}
	var errs []error
	for _, l := range s.links {
		errs = append(errs, l.Close())
	}
	for _, e := range s.exports {
		errs = append(errs, e.export.Close())
	}
	return errors.Join(append(errs, s.host.Close())...)
}
