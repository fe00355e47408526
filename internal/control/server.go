// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"vblade/internal/journal"
	"vblade/internal/stats"
)

// Engine serves exports. Its methods may be called concurrently for different
// exports, but not for the same one.
type Engine interface {
	Measurer
	// CheckAlone refuses an export whose address another target serves already: not
	// the Engine itself. It takes up to some seconds.
	CheckAlone(Export) error
	// Add serves an export and owns its disk and state file from then on. Its error
	// says in a line why not, and what to do; then they remain the caller's.
	Add(Export) error
	// Remove ends an export: frames that come find nothing any more, what was
	// received is answered, the disk synced and closed, and the state file. Its error says what of
	// that could not be done in time; the export is gone all the same. Where its disk
	// hangs, what is added on it afterwards does not overtake the calls that hang.
	Remove(shelf uint16, slot uint8, within time.Duration) error
	// Announce advertises an export, or with an empty name all, and returns which
	// links carry no frames, and why: there it waits for the link.
	Announce(name string) (waiting []string, err error)
}

// Measurer knows the counters and the condition of the exports that an Engine
// serves.
type Measurer interface {
	// Stats returns the counters of all exports and links.
	Stats() stats.Server
	// Users returns what initiators have set on an export, and who they are.
	Users(name string) (stats.Users, error)
	// Waiting returns a line for each link of an export that carries no frames,
	// with the reason.
	Waiting(name string) []string
}

// Keeper keeps exports over a restart of the process.
type Keeper interface {
	// Keep keeps an export under its name, in place of what is kept there: what Encode
	// has written, and its descriptors. If it fails, nothing is kept there.
	Keep(name string, encoded []byte, files []*os.File) error
	// Drop forgets an export.
	Drop(name string) error
}

// Log is where a Server logs what was done. It must not block; journal.Log is
// one.
type Log interface {
	Errorf(format string, a ...any) // an export that should be served is not
	Warnf(format string, a ...any)  // something was refused, or only partly done
	Infof(format string, a ...any)  // what was done
}

// Limits of a connection.
const (
	maxClients  = 16               // answered at once; others wait to be accepted
	requestTime = 10 * time.Second // to send a request, and to receive the reply
	endTime     = time.Second      // for requests that are still running at the end
	retryTime   = 5 * time.Second  // before an export that failed at a restart is tried again
)

// Config says what a Server works with.
type Config struct {
	Engine    Engine
	Keeper    Keeper // nil for none
	Log       Log
	End       time.Duration       // how long removing an export may take
	Listeners map[string]*os.File // handed to a successor, besides the control socket
}

// Server answers the control socket.
type Server struct {
	Config
	table    table
	pid      int
	replaced chan struct{} // closed once a successor serves
}

// NewServer returns a Server that serves no export.
func NewServer(c Config) *Server {
	return &Server{Config: c, table: table{entries: map[string]*entry{}}, pid: os.Getpid(), replaced: make(chan struct{})}
}

// ErrReplaced is the error of Serve once a successor has all exports.
var ErrReplaced = errors.New("another server has taken over")

// Serve answers requests until ctx ends, when it returns nil, or a successor has
// taken over, when it returns ErrReplaced. It does not close the listener, and
// waits up to endTime for requests that are still running.
func (s *Server) Serve(ctx context.Context, l *net.UnixListener) error {
	own, err := l.File()
	if err != nil {
		return fmt.Errorf("duplicate the control socket: %w", err)
	}
	defer own.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var clients sync.WaitGroup
	defer s.await(&clients)
	stop := context.AfterFunc(ctx, func() { l.SetDeadline(time.Now()) })
	defer stop()
	go func() {
		select {
		case <-s.replaced:
			cancel()
		case <-ctx.Done():
		}
	}()
	clients.Add(1)
	go func() {
		defer clients.Done()
		s.retryFailed(ctx)
	}()
	s.accept(ctx, l, own, &clients)
	select {
	case <-s.replaced:
		return ErrReplaced
	default:
		return nil
	}
}

// await waits up to endTime for the clients' requests, of which one may hang with
// a disk.
func (s *Server) await(clients *sync.WaitGroup) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		clients.Wait()
	}()
	select {
	case <-done:
	case <-time.After(endTime):
		s.Log.Warnf("control: a request does not end; it is given up")
	}
}

// accept accepts clients until ctx ends.
func (s *Server) accept(ctx context.Context, l *net.UnixListener, own *os.File, clients *sync.WaitGroup) {
	places := make(chan struct{}, maxClients)
	for ctx.Err() == nil {
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
			return
		}
		conn, err := l.AcceptUnix()
		if err != nil {
			<-places
			s.pause(ctx, err)
			continue
		}
		clients.Add(1)
		go func() {
			defer clients.Done()
			defer func() { <-places }()
			defer conn.Close()
			s.answer(ctx, conn, own)
		}()
	}
}

// pause waits a moment after an error of accepting, such as too many open files,
// unless ctx has ended.
func (s *Server) pause(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	s.Log.Warnf("control: cannot accept a client: %v; retrying", err)
	select {
	case <-ctx.Done():
	case <-time.After(time.Second):
	}
}

// retryFailed tries exports that could not be restored, until ctx ends.
func (s *Server) retryFailed(ctx context.Context) {
	tick := time.NewTicker(retryTime)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.Retry()
		}
	}
}

// Retry tries again to serve the exports that could not be restored.
func (s *Server) Retry() {
	for _, e := range s.table.retry() {
		err := s.serve(e.Export)
		s.table.settle(e, err)
		if err == nil {
			s.Log.Infof("%s is served again: %s", journal.Export(e.Name()), e.describe())
		}
	}
}

// Restore serves the exports from before a restart. It tries again, while Serve
// runs, to serve those that fail. It owns their disks.
func (s *Server) Restore(exports []*Export) {
	var looks sync.WaitGroup // exclusive ones look for other targets concurrently
	for _, export := range exports {
		e, _, _, err := s.table.arrive(export, false)
		if err != nil || e.Export != export {
			s.Log.Warnf("%s is there twice; the second is left out", journal.Export(export.Name()))
			export.Close()
			continue
		}
		looks.Add(1)
		restore := func() {
			defer looks.Done()
			err := s.serve(export)
			if err != nil {
				s.Log.Errorf("%s is not served again: %v; retrying", journal.Export(e.Name()), err)
			}
			s.table.settle(e, err)
		}
		if export.Exclusive {
			go restore()
		} else {
			restore()
		}
	}
	looks.Wait()
}

// checkAlone refuses an export that is exclusive if another target has its
// address.
func (s *Server) checkAlone(e *Export) error {
	if !e.Exclusive {
		return nil
	}
	return s.Engine.CheckAlone(*e)
}

// serve makes the engine serve an export that checkAlone does not refuse.
func (s *Server) serve(e *Export) error {
	if err := s.checkAlone(e); err != nil {
		return err
	}
	return s.Engine.Add(*e)
}

// add serves an export, whose disk it owns, or changes the one with its address
// to it. Adding the same again is no error.
func (s *Server) add(e *Export, change bool) (did Outcome, warning, err error) {
	now, old, did, err := s.table.arrive(e, change)
	switch {
	case err != nil:
		e.Close()
		return "", nil, err
	case did == Kept:
		e.Close()
		return Kept, nil, nil
	case did == adopted:
		return Kept, s.adopt(now, e), nil
	case did == Changed:
		warning, err = s.change(now, e)
		return did, warning, err
	}
	if old != nil && old.state == failed { // its files are open
		err = e.inherit(old.Export)
	}
	if err == nil {
		err = s.checkAlone(e)
	}
	files := e.files() // before the engine owns the disk
	if err == nil {
		err = s.begin(e)
	}
	if err != nil {
		s.table.withdraw(now, old)
		e.Close()
		return "", nil, err
	}
	if old != nil {
		old.Close()
	}
	warning = s.keep(e, files)
	s.table.settle(now, nil)
	return did, warning, nil
}

// keep makes the Keeper, if there is one, keep an export. It logs its error and
// returns it as a warning.
func (s *Server) keep(e *Export, files []*os.File) error {
	if s.Keeper == nil {
		return nil
	}
	encoded, err := e.Encode()
	if err == nil {
		err = s.Keeper.Keep(e.Name(), encoded, files)
	}
	if err != nil {
		s.Log.Warnf("%s is served, but will be lost in a restart: %v", journal.Export(e.Name()), err)
	}
	return err
}

// drop makes the Keeper, if there is one, forget an export.
func (s *Server) drop(e *entry) {
	if s.Keeper == nil {
		return
	}
	if err := s.Keeper.Drop(e.Name()); err != nil {
		s.Log.Warnf("%s will come back after a restart: %v", journal.Export(e.Name()), err)
	}
}

// remove ends an export.
func (s *Server) remove(name string) error {
	e, was, err := s.table.depart(name)
	if err != nil {
		return err
	}
	defer s.table.forget(e)
	if was == gone {
		return nil
	}
	s.drop(e)
	if was == failed {
		return e.Close()
	}
	if err := s.Engine.Remove(e.Shelf, e.Slot, s.End); err != nil {
		return fmt.Errorf("%s is removed, but: %w", name, err)
	}
	return nil
}
