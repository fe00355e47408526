// SPDX-License-Identifier: GPL-2.0-only

package endurance

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"vblade/internal/server"
	"vblade/test/lab"
)

// usage is what a process holds, as /proc tells.
type usage struct {
	resident    int // KiB
	threads     int
	descriptors int
	busy        time.Duration // on a processor, all its threads together
}

// String is the usage as a person reads it.
func (u usage) String() string {
	return fmt.Sprintf("%d KiB resident, %d threads, %d descriptors", u.resident, u.threads, u.descriptors)
}

// usageOf returns what a process holds.
func usageOf(t *testing.T, v *lab.Process) usage {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d", v.Pid())
	descriptors, err := os.ReadDir(dir + "/fd")
	if err != nil {
		t.Fatalf("vblade is gone: %v\n%s", v.Wait(), v.Stderr())
	}
	u := usage{
		resident:    statusField(t, v, "VmRSS"),
		threads:     statusField(t, v, "Threads"),
		descriptors: len(descriptors),
	}
	tasks, err := filepath.Glob(dir + "/task/*/schedstat")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		u.busy += busyOf(t, task)
	}
	return u
}

// busyOf returns how long a thread was on a processor, from its schedstat file; 0
// where it has ended.
func busyOf(t *testing.T, schedstat string) time.Duration {
	t.Helper()
	b, err := os.ReadFile(schedstat)
	if err != nil {
		return 0
	}
	field, _, _ := strings.Cut(string(b), " ")
	n, err := strconv.ParseInt(field, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(n)
}

// statusField returns a number of a process's status file.
func statusField(t *testing.T, v *lab.Process, name string) int {
	t.Helper()
	n, err := v.Field("status", name)
	if err != nil {
		t.Fatal(err)
	}
	return int(n)
}

// What a process may hold in the end beyond what it held once it was warm. The Go
// runtime gives memory back late. It makes threads when it first needs them and
// keeps them for good: one for each worker in the end, a dozen for a first garbage
// collection, and each has memory of its own. An interface that was just made has
// no AF_XDP socket yet. A leak of a hundred bytes a request is far beyond.
const (
	usualGrowth     = 6 << 10 // KiB
	threadGrowth    = 512     // KiB
	moreThreads     = server.CrewSize
	moreDescriptors = 1
)

// checkFlat checks that a process holds no more than it did, memory up to a growth
// in KiB and what new threads need, and says both.
func checkFlat(t *testing.T, before, after usage, growth int) {
	t.Helper()
	t.Logf("at the start: %v; at the end: %v", before, after)
	growth += threadGrowth * max(0, after.threads-before.threads)
	if after.resident > before.resident+growth {
		t.Errorf("memory grew from %d to %d KiB", before.resident, after.resident)
	}
	if after.threads > before.threads+moreThreads {
		t.Errorf("there were %d threads and are %d", before.threads, after.threads)
	}
	if after.descriptors > before.descriptors+moreDescriptors {
		t.Errorf("there were %d descriptors and are %d", before.descriptors, after.descriptors)
	}
}

// mostLog is the most that a log may say, in bytes: what peers do is told at a
// bounded rate.
const mostLog = 16 << 10

// checkLog ends a process in good order and checks what it has logged: no race,
// no endless tale, and no byte that a terminal would take for a command.
func checkLog(t *testing.T, v *lab.Process, most int, forbidden ...string) {
	t.Helper()
	err := v.Stop()
	log := v.Stderr()
	excerpt := log[:min(len(log), 4096)]
	if err != nil {
		t.Errorf("at the end: %v; it said:\n%s", err, excerpt)
	}
	if strings.Contains(log, "DATA RACE") {
		t.Errorf("the race detector found:\n%s", excerpt)
	}
	if len(log) > most {
		t.Errorf("it logged %d bytes, beginning\n%s", len(log), excerpt)
	}
	for _, text := range forbidden {
		if strings.Contains(log, text) {
			t.Errorf("the log repeats what a peer sent, %q:\n%q", text, excerpt)
		}
	}
	if i := bytes.IndexFunc([]byte(log), func(r rune) bool { return r < ' ' && r != '\n' || r > '~' }); i >= 0 {
		t.Errorf("the log holds the byte %#x:\n%q", log[i], excerpt)
	}
}
