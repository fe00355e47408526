// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"vblade/internal/initiator"
	"vblade/test/slowdisk"
)

// TestManyDisksHang has so many exports hang, each with all that its initiator keeps
// under way, that each of them could keep a worker: another one, whose disk workers wait
// for, too, is served, one request after the other.
func TestManyDisksHang(t *testing.T) {
	const hanging, window, bytesEach = 80, 16, 64 << 10
	s := newServing(t)
	hung, well := s.slowDisk(), s.slowDisk()
	t.Cleanup(func() { hung.Release(slowdisk.Read) })
	s.must("add", "9", "200", "tgt0", well.Path())
	var targets []*initiator.Target
	for slot := range uint8(hanging) {
		s.must("add", "-r", "9", fmt.Sprint(slot), "tgt0", hung.Path())
		target := s.impatient(slot)
		target.SetWindow(window)
		targets = append(targets, target)
	}
	target := s.impatient(200)
	target.SetWindow(1) // more would be dropped, since the others hold all buffers but one for each
	hung.Hang(slowdisk.Read)
	ended := make(chan error)
	for i, target := range targets {
		go func() {
			_, err := target.ReadAt(make([]byte, bytesEach), int64(i*bytesEach))
			ended <- err
		}()
	}
	for range targets {
		if err := <-ended; !errors.As(err, new(*initiator.TimeoutError)) {
			t.Errorf("a read of a disk that hangs: %v", err)
		}
	}
	for round := range byte(20) {
		want, got := bytes.Repeat([]byte{round + 1}, 64<<10), make([]byte, 64<<10)
		if _, err := target.WriteAt(want, 0); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if _, err := target.ReadAt(got, 0); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("round %d: %v", round, err)
		}
	}
	hung.Release(slowdisk.Read)
	if _, err := s.impatient(hanging-1).ReadAt(make([]byte, 1024), 0); err != nil {
		t.Error(err)
	}
}
