// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"syscall"
	"time"
)

// Succession is what a running server hands over.
type Succession struct {
	w         wire
	pid       int
	listeners map[string]*os.File
	exports   []*Export
	troubles  []string // of exports that were not served by the other server either
}

// TakeOver gets all exports of the server at path. That server goes on until
// Succeed.
func TakeOver(path string) (*Succession, error) {
	conn, err := dial(path)
	if err != nil {
		return nil, err
	}
	x := &Succession{w: wire{conn}, listeners: map[string]*os.File{}}
	if err := x.takeOver(); err != nil {
		x.Close()
		return nil, fmt.Errorf("take over from the server at %s: %w; it goes on serving", path, err)
	}
	return x, nil
}

// takeOver receives the listeners and all exports.
func (x *Succession) takeOver() error {
	if err := x.say(doReplace); err != nil {
		return err
	}
	header, files, err := x.w.hear(maxFiles, requestTime)
	if err != nil {
		return err
	}
	if len(files) != len(header.Listeners) {
		closeAll(files)
		return fmt.Errorf("%d listeners came of %d", len(files), len(header.Listeners))
	}
	for i, name := range header.Listeners {
		x.listeners[name] = files[i]
	}
	if x.listeners[listenerName] == nil {
		return errors.New("the control socket did not come")
	}
	x.pid = header.PID
	for range header.Count {
		if err := x.next(); err != nil {
			return err
		}
	}
	return nil
}

// next receives an export.
func (x *Succession) next() error {
	if err := x.say(doNext); err != nil {
		return err
	}
	line, files, err := x.w.receive(context.Background(), maxRequest, maxFiles, requestTime)
	if err != nil {
		return err
	}
	var st status
	if err := decode(line, &st); err != nil {
		closeAll(files)
		return err
	}
	e, err := st.open(files)
	if err != nil {
		return err
	}
	x.exports = append(x.exports, e)
	x.troubles = append(x.troubles, st.Trouble)
	return nil
}

// say sends a message of the handover.
func (x *Succession) say(do string) error {
	return x.w.send(&request{Vblade: protocol, Do: do}, nil, requestTime)
}

// Take returns a listener that was handed over, or nil. It then belongs to the
// caller.
func (x *Succession) Take(name string) *os.File {
	f := x.listeners[name]
	delete(x.listeners, name)
	return f
}

// Listener returns the control socket, which then belongs to the caller.
func (x *Succession) Listener() (*net.UnixListener, error) {
	f := x.Take(listenerName)
	if f == nil {
		return nil, errors.New("the control socket was taken already")
	}
	defer f.Close()
	l, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("use the control socket: %w", err)
	}
	socket, ok := l.(*net.UnixListener)
	if !ok {
		l.Close()
		return nil, errors.New("what came as the control socket is another")
	}
	return socket, nil
}

// Close closes what was not taken or served. The other server goes on.
func (x *Succession) Close() {
	for _, f := range x.listeners {
		f.Close()
	}
	closeDisks(x.exports)
	x.listeners, x.exports = nil, nil
	x.w.conn.Close()
}

// Succeed makes the other server end, and serves what it has handed over. If that
// fails, the other server goes on and nothing is served here. It closes x.
func (s *Server) Succeed(x *Succession) error {
	defer x.Close()
	late := time.Now().Add(serveTime)
	if err := x.say(doReady); err != nil && !isDeath(err) {
		return err
	}
	_, _, err := x.w.hear(0, s.End+2*requestTime)
	if err != nil && !isDeath(err) {
		return fmt.Errorf("the other server goes on: %w", err)
	}
	if err := s.serveBy(x, late); err != nil {
		s.withdraw()
		return fmt.Errorf("%w; the other server goes on", err)
	}
	x.say(doServing) // its reply says whether it has received this
	_, _, err = x.w.hear(0, requestTime)
	var said refusal
	if errors.As(err, &said) {
		s.withdraw()
		return fmt.Errorf("the other server goes on: %w", err)
	}
	s.keepAll()
	s.Log.Infof("took over from pid %d", x.pid)
	return nil
}

// serveBy serves all exports that were handed over before a deadline.
func (s *Server) serveBy(x *Succession, late time.Time) error {
	for i, export := range slices.Clone(x.exports) {
		e, _, _, err := s.table.arrive(export, false)
		if err != nil {
			return err
		}
		if e.Export != export {
			return fmt.Errorf("%s came twice", export.Name())
		}
		if x.troubles[i] != "" {
			s.table.settle(e, errors.New(x.troubles[i]))
			x.exports = x.exports[1:]
			continue
		}
		if err := s.Engine.Add(*export); err != nil {
			s.table.forget(e)
			return fmt.Errorf("%s cannot be served: %w", e.Name(), err)
		}
		s.table.settle(e, nil)
		x.exports = x.exports[1:] // the engine owns it now
		if time.Now().After(late) {
			return fmt.Errorf("to serve all took longer than %v", serveTime)
		}
	}
	return nil
}

// withdraw ends all exports.
func (s *Server) withdraw() {
	entries, err := s.table.freeze()
	if err != nil {
		return
	}
	defer s.table.thaw()
	if err := s.stopAll(entries); err != nil {
		s.Log.Errorf("%v", err)
	}
	for _, e := range entries {
		if e.state == failed {
			e.Close()
		}
		s.table.forget(e)
	}
}

// keepAll makes the Keeper keep everything that was taken over.
func (s *Server) keepAll() {
	entries, err := s.table.freeze()
	if err != nil {
		return
	}
	defer s.table.thaw()
	for _, e := range entries {
		s.keep(e.Export, e.files())
	}
}

// isDeath reports whether an error means that the peer has died. A peer that is
// alive says why it ends.
func isDeath(err error) bool {
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
