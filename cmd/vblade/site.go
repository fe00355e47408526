// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/blade"
	"vblade/internal/control"
	"vblade/internal/initiator"
	"vblade/internal/journal"
	"vblade/internal/netio"
	"vblade/internal/server"
	"vblade/internal/stats"
)

// What is fixed when a link is opened. Memory does not grow with the load.
const (
	frameBuffers  = server.MaxBatch + 4*server.CrewSize // a batch, and what may wait for disks
	receiveBuffer = 4 << 20                             // bytes: several initiators with full windows of jumbo frames
)

// A link receives as many frames at a time as a port wants, or this does not compile.
var _ [netio.MaxBatch - server.MaxBatch]struct{}

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

// usedLink is a link that exports are served on.
type usedLink struct {
	*netio.Link
	port    *server.Port
	uses    int
	doubted bool  // its warnings were logged
	lost    error // what Down returns instead of netio.ErrGone, if not nil
}

// Down returns why the link carries no frames at the moment, or nil.
func (l *usedLink) Down() error {
	err := l.Link.Down()
	if l.lost != nil && errors.Is(err, netio.ErrGone) {
		return l.lost
	}
	return err
}

// served is what an export occupies.
type served struct {
	address    initiator.Address
	export     control.Export // with the disk and the state file
	interfaces []string       // that it was added on
	links      []string       // that it is served on: those, or its own above them
	moves      bool           // it has interfaces with an address of its own
	claims     claims
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

// Add serves an export, and then owns its disk.
func (s *site) Add(e control.Export) error {
	held, err := s.claim(e.Name(), e.Links)
	if err != nil {
		return err
	}
	return s.add(e, held, errLost)
}

// errLost is the error of an export that has lost its own interface, which this
// process cannot make again.
var errLost = errors.New("the interface is gone with the one below it; when that is there again, have vblade add make it: by the same command as before")

// add is Add once the export's address is claimed. If lost is not nil, it is the
// error of links that are gone.
func (s *site) add(e control.Export, held claims, lost error) error {
	kept, err := s.load(&e)
	if err != nil {
		held.release()
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.exports[e.Name()] != nil {
		held.release()
		return fmt.Errorf("%s is served already", e.Name())
	}
	links := interfaceNames(&e)
	if len(e.HWAddr) == 0 {
		lost = nil
	}
	ports, err := s.take(links, lost)
	if err != nil {
		held.release()
		return err
	}
	if err := s.checkAddresses(links, e.HWAddr); err != nil {
		held.release()
		s.give(links)
		return err
	}
	b := blade.New(e.Disk, blade.Config{Shelf: e.Shelf, Slot: e.Slot, Buffers: e.Buffers, Masks: e.Masks, Serial: e.Serial, Host: s.name, Label: e.Filename, Kept: kept})
	options := server.Options{Announce: cmp.Or(e.Announce, s.announce)}
	if e.State != nil {
		options.Keeper = e.State
	}
	if e.FailStop {
		options.Failed = func(err error) { s.gone <- diskGone{e.Name(), e.Disk, err} }
	}
	s.conf(e.Name(), e.Conf)
	if err := s.server.AddWith(b, options, ports...); err != nil {
		s.conf(e.Name(), "")
		held.release()
		s.give(links)
		return err
	}
	one := &served{
		address: initiator.Address{Shelf: e.Shelf, Slot: e.Slot},
		export:  e, interfaces: e.Links, links: links, moves: len(e.HWAddr) > 0, claims: held,
	}
	s.exports[e.Name()] = one
	s.warnOfLinks(links)
	s.rivals.ask(one.address, one.interfaces, s.own(links))
	return nil
}

// checkAddresses refuses links that do not have the addresses that they were made with.
func (s *site) checkAddresses(links []string, macs []aoe.MAC) error {
	for i, mac := range macs {
		if now := s.links[links[i]].MAC(); now != mac {
			return fmt.Errorf("interface %s has the address %v, not %v", links[i], net.HardwareAddr(now[:]), net.HardwareAddr(mac[:]))
		}
	}
	return nil
}

// Announce advertises an export, or all, as server.Server.Announce does.
func (s *site) Announce(name string) (waiting []string, err error) { return s.server.Announce(name) }

// warnOfLinks logs the warnings of each link, once.
func (s *site) warnOfLinks(names []string) {
	for _, name := range names {
		l := s.links[name]
		if l.doubted {
			continue
		}
		l.doubted = true
		for _, w := range l.Warnings(receiveBuffer) {
			s.log.Warnf("%s", w)
		}
	}
}

// Remove ends an export, within a time limit, as server.Server.Remove does.
func (s *site) Remove(shelf uint16, slot uint8, within time.Duration) error {
	name := fmt.Sprintf("e%d.%d", shelf, slot)
	s.mu.Lock()
	e := s.exports[name]
	delete(s.exports, name)
	s.rivals.forget(initiator.Address{Shelf: shelf, Slot: slot})
	s.mu.Unlock()
	if e == nil {
		return fmt.Errorf("%s is not served here", name)
	}
	defer e.claims.release() // requests that hang are not answered any more
	defer s.conf(name, "")
	err := s.server.Remove(name, within)
	var unfinished server.UnfinishedError
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case errors.As(err, &unfinished):
		s.hanging++ // calls use the disk, and buffers of the links
		if e.export.State != nil && !unfinished.Saves() {
			e.export.State.Close() // it may be added again
			e.export.State = nil
		}
		go s.finish(e, unfinished.Done())
		return err
	case errors.Is(err, server.ErrEnded):
		s.undone = true
		return err
	}
	if closed := s.release(e); err == nil {
		err = closed
	}
	return err
}

// finish completes a removal that has timed out, once the calls that hang have
// ended.
func (s *site) finish(e *served, ended <-chan struct{}) {
	<-ended
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hanging--
	if err := s.release(e); err != nil {
		s.log.Warnf("%s: the calls that hung when it was removed have ended, but: %v", journal.Export(e.export.Name()), err)
		return
	}
	s.log.Infof("%s: the calls that hung when it was removed have ended, and its disk is closed", journal.Export(e.export.Name()))
}

// release gives up what a removed export has occupied. The caller holds s.mu.
func (s *site) release(e *served) error {
	s.give(e.links)
	return e.export.Close()
}

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

// take returns the ports of links, and opens those that are not in use yet. It
// opens all, or none and fails. Down of a link that it opens returns lost instead
// of netio.ErrGone.
func (s *site) take(names []string, lost error) ([]*server.Port, error) {
	var ports []*server.Port
	for i, name := range names {
		l := s.links[name]
		if l == nil {
			var err error
			if l, err = s.openLink(name, lost); err != nil {
				s.give(names[:i])
				return nil, err
			}
			s.links[name] = l
		}
		l.uses++
		ports = append(ports, l.port)
	}
	return ports, nil
}

// own returns links in use, as rivals need them.
func (s *site) own(names []string) []ownLink {
	var links []ownLink
	for _, name := range names {
		links = append(links, s.links[name].Link)
	}
	return links
}

// openLink puts a link into use.
func (s *site) openLink(name string, lost error) (*usedLink, error) {
	l, err := s.host.Open(name, netio.Config{
		EtherType:     uint16(aoe.EtherType),
		Filter:        aoe.ServerFilter(nil, nil), // nothing until there is an export
		ReceiveBuffer: receiveBuffer,
		Buffers:       frameBuffers,
		Align:         aoe.ATALen,
		Fast:          true,
	})
	if err != nil {
		return nil, err
	}
	used := &usedLink{Link: l, lost: lost}
	if used.port, err = s.server.Attach(used, l.Buffers()); err != nil {
		l.Close()
		return nil, err
	}
	return used, nil
}

// give ends an export's use of links, and closes those that are not in use any
// more.
func (s *site) give(names []string) {
	for _, name := range names {
		l := s.links[name]
		if l.uses--; l.uses > 0 {
			continue
		}
		delete(s.links, name)
		if s.server.Detach(l.port) == nil {
			l.Close()
		}
	}
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
