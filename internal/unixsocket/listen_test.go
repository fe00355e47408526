// SPDX-License-Identifier: GPL-2.0-only

package unixsocket

import (
	"net"
	"strings"
	"testing"
)

// TestCheckPath compares what CheckPath takes with what the system takes.
func TestCheckPath(t *testing.T) {
	t.Chdir(t.TempDir())
	for n, want := range map[int]bool{1: true, longestPath: true, longestPath + 1: false} {
		path := strings.Repeat("x", n)
		l, err := net.Listen("unix", path)
		if err == nil {
			l.Close()
		}
		if checked := CheckPath(path); (checked == nil) != want || (err == nil) != want {
			t.Errorf("%d bytes: %v, and the system says %v", n, checked, err)
		}
	}
	if CheckPath("") == nil {
		t.Error("no path is taken for one")
	}
}
