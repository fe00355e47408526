// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unsafe"
)

// TestNoDump checks that the memory that frames pass through is left out of
// core dumps, and that the rest of the process is not.
func TestNoDump(t *testing.T) {
	x := newXDPTest(t)
	if dumped(t, x.in[0]) || dumped(t, x.in[len(x.in)-1]) {
		t.Error("frame buffers are dumped")
	}
	if !dumped(t, make([]byte, 1)) {
		t.Error("what holds no frames is not dumped")
	}
}

// dumped reports whether a core dump holds the memory of b.
func dumped(t *testing.T, b []byte) bool {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	address := uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b))))
	inside := false
	for _, line := range strings.Split(string(maps), "\n") {
		var from, to uint64
		if n, _ := fmt.Sscanf(line, "%x-%x ", &from, &to); n == 2 {
			inside = from <= address && address < to
		}
		if flags, ok := strings.CutPrefix(line, "VmFlags:"); ok && inside {
			return !slices.Contains(strings.Fields(flags), "dd")
		}
	}
	t.Fatalf("no mapping holds %#x", address)
	return false
}
