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
)

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
