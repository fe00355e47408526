// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"vblade/internal/initiator"
	"vblade/test/lab"
)

// manyExports is no multiple of how many exports answer at a time.
const manyExports = 100

// maxProportional is the most memory that a server of so many exports may use, in
// KiB of its proportional set size.
const maxProportional = 32 << 10

// addMany adds exports of one disk, at addresses that have nothing in common.
func (s *serving) addMany(netif string) {
	s.t.Helper()
	disk := s.disk("shared")
	for i := range manyExports {
		s.must("add", "-r", fmt.Sprint(i*61), fmt.Sprint(i*37%255), netif, disk)
	}
}

// TestServeMany adds very many exports to a server: a broadcast is answered by
// each of them, again and again, and they take little memory.
func TestServeMany(t *testing.T) {
	s := newServing(t)
	s.addMany("tgt0")
	i := s.open("ini0", initiator.Options{})
	for range 3 {
		found, err := i.Discover(patience, manyExports)
		if err != nil || len(found) != manyExports {
			t.Errorf("%d exports of %d answer: %v", len(found), manyExports, err)
		}
	}
	if n := proportional(t, s.Pid()); n > maxProportional {
		t.Errorf("%d KiB of memory are in use; want at most %d", n, maxProportional)
	}
	if err := s.Stop(); err != nil || len(lines(s.Process)) != manyExports {
		t.Errorf("%v, and on standard error:\n%s", err, s.Stderr())
	}
}

// TestServeManyRivals adds very many exports to two servers on one LAN: the second
// warns of the first, of a few exports one by one.
func TestServeManyRivals(t *testing.T) {
	s := newServing(t)
	s.addMany("tgt0")
	second := &serving{site: s.site, control: filepath.Join(t.TempDir(), "control"), state: t.TempDir()}
	second.Process = s.host.StartVblade(t, s.vblade, "serve", "--control", second.control)
	second.addMany("ini0")
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for late := time.After(patience); warned(second.Stderr()) < manyExports; {
		select {
		case <-look.C:
		case <-late:
			t.Fatalf("it warns of %d rivals of %d:\n%s", warned(second.Stderr()), manyExports, second.Stderr())
		}
	}
}

// warned returns how many rivals a log warns of.
func warned(log string) (n int) {
	n = strings.Count(log, " too (16384 sectors)")
	for _, m := range regexp.MustCompile(`ini0: (\d+) more of the addresses`).FindAllStringSubmatch(log, -1) {
		more, _ := strconv.Atoi(m[1])
		n += more
	}
	return n
}

// proportional returns the memory that a process has in use, in KiB: its share of
// what it shares with others.
func proportional(t *testing.T, pid int) (n int) {
	t.Helper()
	rollup, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		lab.Skip(t, "/proc/PID/smaps_rollup", "run on Linux 4.14 or newer")
	}
	_, rest, _ := strings.Cut(string(rollup), "\nPss:")
	if _, err := fmt.Sscan(rest, &n); err != nil {
		t.Fatalf("read Pss: %v", err)
	}
	return n
}
