// SPDX-License-Identifier: GPL-2.0-only

package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

// Sets of capabilities, by their numbers.
const (
	netRaw   = 1 << 13
	netAdmin = 1 << 12
)

// confinedStatus is what the kernel says of a confined thread: it gains no
// privileges and has no capabilities but those of a set.
func confinedStatus(capabilities int) []*regexp.Regexp {
	var all []*regexp.Regexp
	for _, set := range []string{"CapPrm", "CapEff", "CapBnd"} {
		all = append(all, regexp.MustCompile(fmt.Sprintf(`(?m)^%s:\t%016x$`, set, capabilities)))
	}
	return append(all,
		regexp.MustCompile(`(?m)^CapInh:\t0{16}$`),
		regexp.MustCompile(`(?m)^CapAmb:\t0{16}$`),
		regexp.MustCompile(`(?m)^NoNewPrivs:\t1$`))
}

// CheckConfined checks that every thread of a process has given up what it does
// not need to serve.
func CheckConfined(t testing.TB, pid int) {
	t.Helper()
	checkThreads(t, pid, confinedStatus(netRaw))
}

// CheckConfinedWithInterfaces is CheckConfined for a process that makes and removes
// network interfaces.
func CheckConfinedWithInterfaces(t testing.TB, pid int) {
	t.Helper()
	checkThreads(t, pid, confinedStatus(netRaw|netAdmin))
}

// checkThreads checks that the status of every thread of a process has lines.
func checkThreads(t testing.TB, pid int, lines []*regexp.Regexp) {
	t.Helper()
	threads, err := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/status")
	if err != nil || len(threads) < 2 {
		t.Fatalf("process %d has %d threads: %v", pid, len(threads), err)
	}
	for _, path := range threads {
		status, err := os.ReadFile(path)
		if err != nil {
			continue // the thread has ended
		}
		for _, want := range lines {
			if !want.Match(status) {
				t.Errorf("%s does not have a line that matches %v:\n%s", path, want, status)
			}
		}
	}
}
