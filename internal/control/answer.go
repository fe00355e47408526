// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"vblade/internal/journal"
	"vblade/internal/unixsocket"
)

// answer answers the request of a connection. The socket's mode has decided that
// the client may connect. own is the listening socket.
func (s *Server) answer(ctx context.Context, conn *net.UnixConn, own *os.File) {
	p, err := unixsocket.PeerOf(conn)
	if err != nil {
		s.Log.Warnf("control: a client is not answered, since it is not known who it is: %v", err)
		return
	}
	w := wire{conn}
	line, files, err := w.receive(ctx, maxRequest, maxFiles, requestTime)
	if err != nil && ctx.Err() != nil { // the successor may do it
		w.send(s.reply(fmt.Errorf("the server ends; %w", errAgain)), nil, requestTime)
		return
	}
	if err != nil {
		s.refuse(w, p, err)
		return
	}
	r, err := decodeRequest(line, len(files))
	if err != nil {
		closeAll(files)
		s.refuse(w, p, err)
		return
	}
	if r.Do == doReplace {
		s.handOver(w, p, own)
		return
	}
	if err := w.send(s.do(r, files, p), nil, requestTime); err != nil {
		s.Log.Warnf("control: %v: it did not receive the reply: %v", p, err)
	}
}

// refuse answers an invalid request. A connection without a request is not
// logged, because a server that is starting makes one to see whether another
// listens.
func (s *Server) refuse(w wire, p unixsocket.Peer, err error) {
	if !errors.Is(err, errNothing) {
		s.Log.Warnf("control: %v: refused: %v", p, err)
	}
	w.send(s.reply(err), nil, requestTime)
}

// reply returns the reply to a request that has ended with an error, which may be
// nil.
func (s *Server) reply(err error) *reply {
	r := &reply{Vblade: protocol, PID: s.pid}
	if err != nil {
		r.Error, r.Again = err.Error(), errors.Is(err, errAgain)
	}
	return r
}

// do does what a request asks for. It owns the files.
func (s *Server) do(r *request, files []*os.File, p unixsocket.Peer) *reply {
	switch r.Do {
	case doAdd:
		return s.doAdd(r, files, p)
	case doRemove:
		err := s.remove(r.Name)
		s.note(p, deed{"remove", r.Name}, "", err)
		return s.reply(err)
	case doAnnounce:
		return s.doAnnounce(r.Name, p)
	}
	return s.status(r.Name)
}

// doAdd adds an export. It owns the files.
func (s *Server) doAdd(r *request, files []*os.File, p unixsocket.Peer) *reply {
	what := deed{"add", r.Export.address().String()}
	e, err := r.Export.open(files)
	if err != nil {
		s.note(p, what, "", err)
		return s.reply(err)
	}
	if r.Try {
		return s.try(e, r)
	}
	description := e.describe()
	served := (&entry{Export: e, state: serving}).status()
	others := s.table.sharers(e, r.Name)
	did, warning, err := s.put(e, r)
	if did == Kept || did == Changed {
		description = string(did) + ": " + description
	}
	if r.Name != "" {
		description = "in place of " + r.Name + ": " + description
	}
	s.note(p, what, description, err)
	answer := s.reply(err)
	if err != nil {
		return answer
	}
	answer.Did = did
	answer.Exports = []status{served}
	if warning != nil {
		answer.Warnings = append(answer.Warnings, "it will be lost in a restart of the server: "+warning.Error())
	}
	for _, down := range s.Engine.Waiting(e.Name()) {
		answer.Warnings = append(answer.Warnings, e.Name()+": "+down+"; waiting for the link")
	}
	answer.Warnings = append(answer.Warnings, e.remarks...)
	if len(others) > 0 {
		answer.Warnings = append(answer.Warnings, sharedWarning(e, others))
		s.Log.Warnf("%s", sharedWarning(e, others))
	}
	return answer
}

// try returns what doAdd would do with e, whose disk it owns.
func (s *Server) try(e *Export, r *request) *reply {
	defer e.Close()
	did, err := s.table.decide(e, r.Change)
	if err == nil {
		err = s.table.checkIdle(r.Name) // else it may become e now
	}
	if err == nil && did != Kept {
		err = s.checkAlone(e)
	}
	answer := s.reply(err)
	answer.Did = did
	return answer
}

// doAnnounce has an export advertised, or all without a name.
func (s *Server) doAnnounce(name string, p unixsocket.Peer) *reply {
	err := s.table.checkServed(name)
	var waiting []string
	if err == nil {
		waiting, err = s.Engine.Announce(name)
	}
	s.note(p, deed{"announce", name}, "", err)
	answer := s.reply(err)
	for _, w := range waiting {
		answer.Warnings = append(answer.Warnings, w+"; what is served there is announced once the link is back")
	}
	return answer
}

// deed is what a client asks for: something, of an export or of all.
type deed struct{ do, name string }

// String is how a line names it.
func (d deed) String() string { return strings.TrimSpace(d.do + " " + d.name) }

// Fields has the export, if it is of one.
func (d deed) Fields() []journal.Field {
	if d.name == "" {
		return nil
	}
	return journal.Export(d.name).Fields()
}

// note logs who has done what.
func (s *Server) note(p unixsocket.Peer, what deed, about string, err error) {
	switch {
	case err != nil:
		s.Log.Warnf("control: %v: %s: %v", p, what, err)
	case about != "":
		s.Log.Infof("control: %v: %s: %s", p, what, about)
	default:
		s.Log.Infof("control: %v: %s: done", p, what)
	}
}
