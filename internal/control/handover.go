// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"vblade/internal/journal"
	"vblade/internal/unixsocket"
)

// A server hands over to its successor in three steps, so that at every moment,
// whatever fails, one of the two serves or is about to:
//
//	replace  The server keeps everything as it is, and sends its listening sockets
//	         and, asked for each by "next", its exports with their descriptors.
//	ready    The successor has checked all of them. The server ends its exports
//	         (drained, synced) and says so. From here it waits for its lease.
//	serving  The successor serves them all. The server ends.
//
// Both do not serve at once. If the successor fails it first ends what it serves,
// then the connection: the server then serves again, from duplicates of the
// descriptors. A successor that is slow ends by itself what it serves, once
// serveTime has passed since before it said "ready"; the server's wait begins
// later, and is longer by what that end may take. If the server dies after it was
// told "ready", the connection ends without a word: the successor serves.

// serveTime is the time after "ready" within which the successor must serve
// everything, including the end of the server's exports.
const serveTime = 8 * time.Second

// lease is how long the server waits for "serving" before it serves again. By
// then a successor that is late has ended its exports.
func (s *Server) lease() time.Duration { return serveTime + s.End + 2*time.Second }

// listenerName is the control socket's among the listeners.
const listenerName = "control"

// handOver answers a successor.
func (s *Server) handOver(w wire, p unixsocket.Peer, own *os.File) {
	err := s.tryHandOver(w, p, own)
	if err != nil {
		s.Log.Warnf("control: %v: replace: %v; this server goes on", p, err)
		w.send(s.reply(err), nil, requestTime)
		return
	}
	s.Log.Infof("control: %v: replace: it has taken over all exports", p)
	w.send(s.reply(nil), nil, requestTime)
	close(s.replaced)
}

// tryHandOver hands over all exports. If it fails, they are served as before.
func (s *Server) tryHandOver(w wire, p unixsocket.Peer, own *os.File) error {
	if p.UID != 0 && int(p.UID) != os.Geteuid() {
		return errors.New("only root and the user whom the server runs as may replace it")
	}
	entries, err := s.table.freeze()
	if err != nil {
		return err
	}
	copies, err := duplicateAll(entries)
	if err != nil {
		s.table.thaw()
		return err
	}
	if err := s.offer(w, entries, own); err != nil {
		s.table.thaw()
		closeDisks(copies)
		return err
	}
	err = s.stopAll(entries)
	if err == nil {
		err = s.awaitSuccessor(w)
	}
	if err != nil {
		s.resume(entries, copies)
		return err
	}
	closeDisks(copies)
	return nil
}

// duplicateAll returns duplicates of the exports of entries.
func duplicateAll(entries []*entry) ([]*Export, error) {
	var copies []*Export
	for _, e := range entries {
		c, err := e.duplicate()
		if err != nil {
			closeDisks(copies)
			return nil, err
		}
		copies = append(copies, c)
	}
	return copies, nil
}

// closeDisks closes the disks and state files of exports.
func closeDisks(exports []*Export) {
	for _, e := range exports {
		e.Close()
	}
}

// offer sends the successor everything and returns once it is ready.
func (s *Server) offer(w wire, entries []*entry, own *os.File) error {
	listeners := maps.Clone(s.Listeners)
	if listeners == nil {
		listeners = map[string]*os.File{}
	}
	listeners[listenerName] = own
	header := s.reply(nil)
	header.Count = len(entries)
	var files []*os.File
	for _, name := range slices.Sorted(maps.Keys(listeners)) {
		header.Listeners = append(header.Listeners, name)
		files = append(files, listeners[name])
	}
	if err := w.send(header, files, requestTime); err != nil {
		return err
	}
	for _, e := range entries {
		if err := w.expect(doNext, requestTime); err != nil {
			return err
		}
		if err := w.send(e.status(), e.files(), requestTime); err != nil {
			return err
		}
	}
	return w.expect(doReady, requestTime)
}

// expect receives the message that a successor has to send next.
func (w wire) expect(do string, within time.Duration) error {
	line, _, err := w.receive(context.Background(), maxRequest, 0, within)
	if err != nil {
		return fmt.Errorf("the successor did not say %q: %w", do, err)
	}
	var r request
	if err := decode(line, &r); err != nil {
		return err
	}
	if r.Do != do {
		return fmt.Errorf("the successor said %q instead of %q", r.Do, do)
	}
	return nil
}

// stopAll ends all exports that are served. It fails if one could not be ended
// cleanly, which then must not be served by another process.
func (s *Server) stopAll(entries []*entry) error {
	errs := make([]error, len(entries))
	var all sync.WaitGroup
	for i, e := range entries {
		if e.state != serving {
			continue
		}
		all.Add(1)
		go func() {
			defer all.Done()
			if err := s.Engine.Remove(e.Name(), s.End); err != nil {
				errs[i] = fmt.Errorf("%s cannot be handed over: %w", e.Name(), err)
			}
		}()
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err // one is enough; the others usually have the same cause
		}
	}
	return nil
}

// awaitSuccessor says that nothing is served any more, and returns once the
// successor serves.
func (s *Server) awaitSuccessor(w wire) error {
	if err := w.send(s.reply(nil), nil, requestTime); err != nil {
		return err
	}
	return w.expect(doServing, s.lease())
}

// resume serves again, from the copies, what stopAll has ended.
func (s *Server) resume(entries []*entry, copies []*Export) {
	for i, e := range entries {
		if e.state != serving {
			copies[i].Close()
			continue
		}
		err := s.Engine.Add(*copies[i])
		if err != nil {
			s.Log.Errorf("%s is not served again: %v; retrying", journal.Export(e.Name()), err)
		}
		s.table.renew(e, copies[i], err)
	}
	s.table.thaw()
}
