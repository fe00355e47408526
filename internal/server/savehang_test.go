// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"context"
	"fmt"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/test/frametest"
)

// hangPatience is how long a test waits for what must happen, before it fails.
const hangPatience = 10 * time.Second

// blankStore is a read-only store with nothing in particular.
type blankStore struct{ sizedStore }

// ReadAt reads it.
func (s *blankStore) ReadAt(vecs [][]byte, off int64) (n int, err error) {
	for _, v := range vecs {
		n += len(v)
	}
	return n, nil
}

// ReadOnly tells that it is.
func (s *blankStore) ReadOnly() bool { return true }

// gatedKeeper keeps nothing, each time once it is told to.
type gatedKeeper chan struct{}

// Save waits.
func (k gatedKeeper) Save(*blade.State) error {
	<-k
	return nil
}

// logLines is a log that a test reads line by line.
type logLines chan string

// Errorf keeps a line.
func (l logLines) Errorf(format string, a ...any) { l <- fmt.Sprintf(format, a...) }

// Warnf keeps a line.
func (l logLines) Warnf(format string, a ...any) { l.Errorf(format, a...) }

// Infof keeps a line.
func (l logLines) Infof(format string, a ...any) { l.Errorf(format, a...) }

// await waits for a line.
func (l logLines) await(t *testing.T, want string) {
	t.Helper()
	select {
	case got := <-l:
		if got != want {
			t.Fatalf("logs %q; want %q", got, want)
		}
	case <-time.After(hangPatience):
		t.Fatalf("does not log %q", want)
	}
}

// startKept starts a server of e9.2 for the length of the test. It loses patience soon.
func startKept(t *testing.T, k Keeper, log Log) (*Server, *frametest.Link) {
	link := frametest.NewLink(1500)
	s := New(link.Host, log)
	s.hang = hangLimits{after: 30 * time.Millisecond, look: 5 * time.Millisecond}
	bufs := make([][]byte, 64)
	for i := range bufs {
		bufs[i] = make([]byte, 2000)
	}
	p, err := s.Attach(link, bufs)
	if err != nil {
		t.Fatal(err)
	}
	b := blade.New(&blankStore{sizedStore{sectors: 100}}, blade.Config{Shelf: 9, Slot: 2, Kept: new(blade.State)})
	if err := s.AddWith(b, Options{Keeper: k}, p); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- s.Serve(ctx, hangPatience) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s, link
}

// frameFor returns an empty frame for e9.2.
func frameFor(tag uint32, c aoe.Command) aoe.Frame {
	f := make(aoe.Frame, 100)
	f.SetHeader(aoe.Version, 0, c)
	f.SetSrc(frametest.Initiator)
	f.SetTarget(9, 2)
	f.SetTag(tag)
	return f
}

// TestSaveHangs has a change not be kept for long, with a read behind it: one line,
// of the state and not of the disk, and another when it is kept.
func TestSaveHangs(t *testing.T) {
	saves, lines := make(gatedKeeper), make(logLines, 100)
	s, link := startKept(t, saves, lines)
	for round := range uint32(2) {
		set, read := frameFor(50+round, aoe.CommandConfig), frameFor(5, aoe.CommandATA)
		set.SetConfigRequest(aoe.ConfigForceSet, []byte{byte(round)})
		read.SetATARequest(0, ata.Read, 1, 5)
		link.Deliver(set, read)
		lines.await(t, "e9.2: a change has not been kept for 30ms: the storage of its state hangs, and the export waits for it")
		if e := s.Stats().Exports[0]; !e.Hanging || e.InFlight != 2 {
			t.Errorf("%d requests in flight, hanging: %v", e.InFlight, e.Hanging)
		}
		saves <- struct{}{}
		for _, tag := range []uint32{50 + round, 5} {
			if !link.Await(func() bool { return link.Reply(tag) != nil }) {
				t.Fatalf("no reply with tag %d", tag)
			}
		}
		lines.await(t, "e9.2: the storage of its state goes on")
		link.Forget()
	}
	if len(lines) > 0 {
		t.Errorf("logs more: %q", <-lines)
	}
}
