// SPDX-License-Identifier: GPL-2.0-only

package endurance

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"vblade/internal/ata"
	"vblade/internal/initiator"
)

// The rounds of TestCrash: each ends after so many acknowledged writes at the
// most. The disk is small, so that most sectors are written several times.
const (
	crashRounds  = 50
	crashWrites  = 100
	crashSectors = 32
)

// errCrash ends an exchange with a target that was killed.
var errCrash = errors.New("the target was killed")

// TestCrash kills vblade -s with writes outstanding, as soon as a number of them
// drawn at random was acknowledged, and starts it again, fifty times: every
// acknowledged write is there, or one that was sent after it.
//
// The kernel that holds the file's pages lives on: what this shows is that vblade
// acknowledges nothing that it has yet to do. That what -s wrote survives the
// kernel too is the file system's part, and needs a power cut to be seen.
func TestCrash(t *testing.T) {
	s := newSite(t)
	file := filepath.Join(t.TempDir(), "disk")
	s.must(os.WriteFile(file, stamped(crashSectors), 0o600))
	seed, book, acked := rand.Uint64(), newLedger(crashSectors), 0
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range crashRounds {
		acked += s.crash(file, book, rng)
	}
	t.Logf("%d acknowledged writes", acked)
	v := s.host.StartVblade(t, program, "-s", "9", "0", "tgt0", file)
	s.must(book.verify(s.find(initiator.Options{}, 9, 0), region{0, crashSectors}))
	checkLog(t, v, mostLog)
}

// crash starts a target on what the round before has left, checks that, and kills
// it amid writes. It returns how many were acknowledged.
func (s *site) crash(file string, book *ledger, rng *rand.Rand) int {
	s.t.Helper()
	v := s.host.StartVblade(s.t, program, "-s", "-b", "32", "9", "0", "tgt0", file)
	ini := s.open("ini0", initiator.Options{Patience: time.Minute})
	defer ini.Close()
	target, err := ini.Find(9, 0)
	s.must(err)
	if err := book.verify(target, region{0, crashSectors}); err != nil {
		s.t.Fatalf("after a crash: %v", err)
	}
	left := 1 + rng.IntN(crashWrites)
	l := &load{target: target, ledger: book, rng: rng, own: region{0, crashSectors}, shared: region{0, crashSectors}, window: 1 + rng.IntN(32)}
	writes := left
	l.acked = func() error {
		if left--; left > 0 {
			return nil
		}
		v.Kill()
		return errCrash
	}
	if err := l.round(10 * crashWrites); !errors.Is(err, errCrash) {
		s.t.Fatalf("the round ended with %v", err)
	}
	l.lose()
	return writes
}

// lose notes that the writes outstanding will not take effect any more if they
// have not by now.
func (l *load) lose() {
	for _, o := range l.ops {
		if !o.done && o.command == ata.WriteExt {
			l.ledger.end(o.id, o.lba, o.count, false)
		}
	}
}
