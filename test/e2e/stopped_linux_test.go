// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"fmt"
	"regexp"
	"syscall"
	"testing"
	"time"
)

// outdated is how long a target is stopped at least: so long that the frames that came
// at first have waited for more than a second.
const outdated = 3 * time.Second

// outdates has a guest use one disk that two vblades serve, each on a link of its own,
// and work on it while the one is stopped and continued, then the other: the frames
// that have waited for the one meanwhile are older than what the other has written.
func (s *site) outdates(t *testing.T) {
	o := s.twoPaths(t, "9", "0", "tgt0")
	blades := []*blade{o.blade, s.export(t, "9", "0", "tgt1", o.disk)}
	o.begin("eth0 eth1")
	o.seesPaths("eth0,eth1|eth1,eth0")
	for i, b := range blades {
		which := fmt.Sprint("target ", i)
		b.signal(syscall.SIGSTOP)
		for began := time.Now(); time.Since(began) < outdated; {
			o.goesOn(which + " stopped")
		}
		b.signal(syscall.SIGCONT)
		b.drops()
		o.guest.run("aoe-discover")
		o.goesOn(which + " continued")
	}
	o.finish(func() {
		for _, b := range blades {
			b.stop()
		}
	})
}

// signal sends the vblade a signal.
func (b *blade) signal(sig syscall.Signal) {
	b.t.Helper()
	if err := b.process.cmd.Process.Signal(sig); err != nil {
		b.t.Fatal(err)
	}
}

// drops waits until the vblade says that it has dropped frames that were too old.
func (b *blade) drops() {
	b.t.Helper()
	dropped := regexp.MustCompile(`\d+ frames? dropped, which had waited`)
	for late := time.After(startLimit); ; {
		text, more := b.process.stderr.read()
		if dropped.MatchString(text) {
			return
		}
		select {
		case <-more:
		case <-late:
			b.t.Fatalf("no frame is dropped after vblade was stopped; it printed:\n%s", text)
		}
	}
}
