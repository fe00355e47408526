// SPDX-License-Identifier: GPL-2.0-only

package lab

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

// confinedStatus is what the kernel says of a confined thread: it gains no
// privileges and has CAP_NET_RAW (number 13) at the most.
var confinedStatus = []*regexp.Regexp{
	regexp.MustCompile(`(?m)^CapInh:\t0{16}$`),
	regexp.MustCompile(`(?m)^CapPrm:\t0{12}2000$`),
	regexp.MustCompile(`(?m)^CapEff:\t0{12}2000$`),
	regexp.MustCompile(`(?m)^CapBnd:\t0{12}2000$`),
	regexp.MustCompile(`(?m)^CapAmb:\t0{16}$`),
	regexp.MustCompile(`(?m)^NoNewPrivs:\t1$`),
}

// CheckConfined checks that every thread of a process has given up what it does
// not need to serve.
func CheckConfined(t testing.TB, pid int) {
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
		for _, want := range confinedStatus {
			if !want.Match(status) {
				t.Errorf("%s does not have a line that matches %v:\n%s", path, want, status)
			}
		}
	}
}
