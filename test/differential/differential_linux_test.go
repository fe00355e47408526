// SPDX-License-Identifier: GPL-2.0-only

package differential

import (
	"debug/buildinfo"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"vblade/test/lab"
)

// What the environment may set.
const (
	seedVariable   = "VBLADE_DIFF_SEED"
	framesVariable = "VBLADE_DIFF_FRAMES"
)

// How many frames a run has without VBLADE_DIFF_FRAMES.
const (
	usualFrames = 40000
	shortFrames = 2000
	fullFrames  = 20000 // enough to ask what they covered
)

// TestDifferential sends the frames of every leg to both programs.
func TestDifferential(t *testing.T) {
	r := newRun(t)
	for _, l := range legs {
		t.Run(l.name, func(t *testing.T) { r.leg(t, l) })
	}
	t.Log(r.tally)
	if r.tally.frames >= fullFrames && !t.Failed() {
		r.tally.coverage.check(t)
	}
}

// run is what the legs of one run share.
type run struct {
	host    *lab.Host
	c, ours string // the programs
	seed    uint64
	frames  int // over all legs
	tally   *tally
	clock   *lab.Clock
}

// newRun makes a run as the environment says.
func newRun(t *testing.T) *run {
	t.Helper()
	usual := uint64(usualFrames)
	if testing.Short() {
		usual = shortFrames
	}
	r := &run{
		host:   lab.TestHost(t),
		c:      theCProgram(t),
		ours:   buildOurs(t),
		seed:   environment(t, seedVariable, rand.Uint64()),
		frames: int(environment(t, framesVariable, usual)),
		tally:  newTally(),
		clock:  lab.NewClock(t),
	}
	t.Logf("%s=%d %s=%d", seedVariable, r.seed, framesVariable, r.frames)
	return r
}

// environment returns a number that the environment sets, or else usual.
func environment(t *testing.T, name string, usual uint64) uint64 {
	t.Helper()
	s := os.Getenv(name)
	if s == "" {
		return usual
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatalf("%s=%q: %v", name, s, err)
	}
	return n
}

// theCProgram finds Debian's vblade. Ours is known by the build information
// that every Go program carries.
func theCProgram(t *testing.T) string {
	t.Helper()
	path := lab.Need(t, "/usr/sbin/vblade", "vblade")
	if _, err := buildinfo.ReadFile(path); err == nil {
		lab.Skip(t, "the C program: "+path+" is written in Go", "install Debian's package vblade there")
	}
	return path
}

// buildOurs builds the program under test.
func buildOurs(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "vblade")
	must(t, lab.Build(path))
	return path
}
