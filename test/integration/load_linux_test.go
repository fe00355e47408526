// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"vblade/internal/initiator"
)

// load is an initiator that writes and reads back until it is told to end.
type load struct {
	stop  chan struct{}
	done  chan struct{} // takes a round that is done, if somebody waits for it
	ended chan error
}

// disk is what a load needs of a target, or of paths to one.
type disk interface {
	ReadAt(p []byte, off int64) (int, error)
	WriteAt(p []byte, off int64) (int, error)
}

// startLoad begins a load on an eighth of the disk.
func (s *site) startLoad() *load {
	s.t.Helper()
	target, err := s.open("ini0", initiator.Options{Patience: 2 * patience}).Find(9, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	target.SetWindow(32)
	return s.startLoadOn(target)
}

// startLoadOn is startLoad for a disk that was found.
func (s *site) startLoadOn(target disk) *load {
	s.t.Helper()
	l := &load{make(chan struct{}), make(chan struct{}), make(chan error, 1)}
	go func() { l.ended <- l.run(target, s.content()[:diskSize/8]) }()
	return l
}

// run writes random extents of a disk and reads them back, and at the end all.
func (l *load) run(target disk, want []byte) error {
	random := rand.New(rand.NewPCG(4, 5))
	for {
		select {
		case <-l.stop:
			got := make([]byte, len(want))
			if _, err := target.ReadAt(got, 0); err != nil {
				return err
			}
			if !bytes.Equal(got, want) {
				return fmt.Errorf("what is read at the end is not what was written")
			}
			return nil
		default:
		}
		n := 1 + random.IntN(100)
		off := random.IntN(len(want)/sectorSize-n) * sectorSize
		part := want[off : off+n*sectorSize]
		for i := range part {
			part[i] = byte(random.Uint32())
		}
		if _, err := target.WriteAt(part, int64(off)); err != nil {
			return err
		}
		got := make([]byte, len(part))
		if _, err := target.ReadAt(got, int64(off)); err != nil {
			return err
		}
		if !bytes.Equal(got, part) {
			return fmt.Errorf("what is read at byte %d is not what was just written", off)
		}
		select {
		case l.done <- struct{}{}:
		default:
		}
	}
}

// goesOn waits until the load has done another round.
func (l *load) goesOn(t *testing.T) {
	t.Helper()
	select {
	case <-l.done:
	case err := <-l.ended:
		t.Fatalf("the load ended: %v", err)
	case <-time.After(patience):
		t.Fatal("the load stands still")
	}
}

// finish ends the load, which must have met no error.
func (l *load) finish(t *testing.T) {
	t.Helper()
	close(l.stop)
	if err := <-l.ended; err != nil {
		t.Error(err)
	}
}
