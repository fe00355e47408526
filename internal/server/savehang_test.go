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

// newBlankStore returns one of 100 sectors.
func newBlankStore() *blankStore { return &blankStore{sizedStore{sectors: 100}} }

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

// none checks that nothing more has been logged.
func (l logLines) none(t *testing.T) {
	t.Helper()
	if len(l) > 0 {
		t.Errorf("logs more: %q", <-l)
	}
}

// soon are limits at which a server loses patience soon.
var soon = hangLimits{after: 30 * time.Millisecond, look: 5 * time.Millisecond}

// startKept starts a server of e9.2 for the length of the test.
func startKept(t *testing.T, store ata.Store, k Keeper, log Log, hang hangLimits) (*Server, *frametest.Link) {
	link := frametest.NewLink(1500)
	s := New(link.Host, log)
	s.ForgiveStalls()
	s.hang = hang
	bufs := make([][]byte, 64)
	for i := range bufs {
		bufs[i] = make([]byte, 2000)
	}
	p, err := s.Attach(link, bufs)
	if err != nil {
		t.Fatal(err)
	}
	b := blade.New(store, blade.Config{Shelf: 9, Slot: 2, Kept: new(blade.State)})
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
	s, link := startKept(t, newBlankStore(), saves, lines, soon)
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
	lines.none(t)
}

// gatedStore is a blankStore, each read of which waits until the test has it go on.
type gatedStore struct {
	*blankStore
	reading, goOn chan struct{}
}

// ReadAt tells that it begins, and waits.
func (g *gatedStore) ReadAt(vecs [][]byte, off int64) (int, error) {
	g.reading <- struct{}{}
	<-g.goOn
	return g.blankStore.ReadAt(vecs, off)
}

// TestReadBehindSave has reads wait for a Save that hangs, two, so that both are handed
// over, and looks when that has ended, and again when they have reached their disk: that
// does not hang.
func TestReadBehindSave(t *testing.T) {
	const after = 200 * time.Millisecond
	saves, lines := make(gatedKeeper), make(logLines, 100)
	store := &gatedStore{newBlankStore(), make(chan struct{}), make(chan struct{})}
	s, link := startKept(t, store, saves, lines, hangLimits{after: after, look: time.Hour})
	for try := uint32(1); ; try++ {
		tags := []uint32{3 * try, 3*try + 1}
		set, read, other := frameFor(3*try+2, aoe.CommandConfig), frameFor(tags[0], aoe.CommandATA), frameFor(tags[1], aoe.CommandATA)
		set.SetConfigRequest(aoe.ConfigForceSet, []byte{byte(try)})
		read.SetATARequest(0, ata.Read, 1, 5)
		other.SetATARequest(0, ata.Read, 1, 50)
		link.Deliver(set, read, other)
		lines.awaitLook(t, s, "e9.2: a change has not been kept for 200ms: the storage of its state hangs, and the export waits for it")
		released := time.Now()
		saves <- struct{}{}
		lines.awaitLook(t, s, "e9.2: the storage of its state goes on")
		for range tags {
			<-store.reading
		}
		s.lookForHangs()
		quick := time.Since(released) < after
		for range tags {
			store.goOn <- struct{}{}
		}
		for _, tag := range tags {
			if !link.Await(func() bool { return link.Reply(tag) != nil }) {
				t.Fatal("a read is not answered")
			}
		}
		if quick {
			break
		}
		for s.Stats().Exports[0].InFlight > 0 {
			time.Sleep(time.Millisecond)
		}
		for s.lookForHangs(); len(lines) > 0; { // the machine was held up: the reads hung
			<-lines
		}
		if try == 20 {
			t.Skip("this machine is too busy")
		}
	}
	lines.none(t)
}

// awaitLook looks until a line is logged.
func (l logLines) awaitLook(t *testing.T, s *Server, want string) {
	t.Helper()
	for end := time.Now().Add(hangPatience); len(l) == 0; time.Sleep(time.Millisecond) {
		if s.lookForHangs(); time.Now().After(end) {
			t.Fatalf("does not log %q", want)
		}
	}
	l.await(t, want)
}
