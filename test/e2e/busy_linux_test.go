// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// clockTick is the unit of /proc/stat.
const clockTick = time.Second / 100

// busy tells how much longer something may take on a machine that has other work, or
// that has got less than its CPUs.
type busy struct {
	t      *testing.T
	stolen time.Duration // when it was asked last
}

// begin forgets what was stolen until now.
func (b *busy) begin() { b.stolen = stolen(b.t) }

// allowance returns by how much longer something may have taken since begin.
func (b *busy) allowance() time.Duration {
	b.t.Helper()
	return overload(b.t) + stolen(b.t) - b.stolen
}

// overload returns how much longer something may take because of the load that this
// machine has had within the last minute: a second for each process beyond one, a guest,
// that wants to run.
func overload(t *testing.T) time.Duration {
	t.Helper()
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		t.Fatal(err)
	}
	var load float64
	if _, err := fmt.Sscan(string(text), &load); err != nil {
		t.Fatal(err)
	}
	return time.Duration(max(0, load-1) * float64(time.Second)).Round(10 * time.Millisecond)
}

// stolen returns for how long the CPUs of this machine, a virtual one, have had
// something to do since it has started, and were not there: the sum of all of them,
// because what a guest waits for may need one after the other.
func stolen(t *testing.T) time.Duration {
	t.Helper()
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		t.Fatal(err)
	}
	all, _, _ := strings.Cut(string(text), "\n")
	var user, nice, system, idle, iowait, irq, softirq, steal int64
	if _, err := fmt.Sscanf(all, "cpu %d %d %d %d %d %d %d %d", &user, &nice, &system, &idle, &iowait, &irq, &softirq, &steal); err != nil {
		t.Fatalf("/proc/stat begins with %q: %v", all, err)
	}
	return time.Duration(steal) * clockTick
}
