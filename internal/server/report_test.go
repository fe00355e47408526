// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/test/frametest"
)

// reserveFrame is a set or force set of the reservation by a source.
func reserveFrame(src aoe.MAC, op aoe.ReserveOp, list ...aoe.MAC) []byte {
	f := make(aoe.Frame, aoe.ReserveLen+len(list)*aoe.MACLen)
	f.SetHeader(aoe.Version, 0, aoe.CommandReserve)
	f.SetSrc(src)
	f.SetTarget(frametest.Shelf, frametest.Slot)
	f.SetTag(frametest.Tag)
	f.SetReserveRequest(op, list)
	return f
}

// maskEdit edits the mask list, as src.
func maskEdit(src aoe.MAC, op aoe.DirectiveOp, list ...aoe.MAC) []byte {
	f := maskFrame(aoe.MaskEdit, op, list...)
	f.SetSrc(src)
	return f
}

// TestReportsChanges checks what is logged of initiators that change who may use
// the target, and that nothing is of those that do not.
func TestReportsChanges(t *testing.T) {
	a, b := frametest.Friend, frametest.Stranger
	five := []aoe.MAC{a, b, {2, 2, 2, 2, 2, 1}, {2, 2, 2, 2, 2, 2}, {2, 2, 2, 2, 2, 3}}
	s := serve(t, frametest.Export{}, plainDisk)
	for _, f := range [][]byte{
		reserveFrame(a, aoe.ReserveSet, a),
		reserveFrame(a, aoe.ReserveSet, a), // again: changes nothing
		reserveFrame(b, aoe.ReserveSet, b), // refused
		reserveFrame(b, aoe.ReserveForceSet, b),
		reserveFrame(b, aoe.ReserveSet, five...),
		reserveFrame(b, aoe.ReserveRead),
		reserveFrame(a, aoe.ReserveSet),
		maskEdit(a, aoe.DirectiveDelete, b), // it is not there
		maskEdit(a, aoe.DirectiveAdd, a, b),
		maskEdit(b, aoe.DirectiveDelete, b, a),
	} {
		s.pass(f)
	}
	s.end()
	const want = `info: e265.4: reserved by 02:00:00:00:03:03
warning: e265.4: reserved by 02:00:00:00:04:04, by force
info: e265.4: reserved by 02:00:00:00:04:04 for 02:00:00:00:03:03, 02:00:00:00:04:04, 02:02:02:02:02:01 and 2 more
info: e265.4: released by 02:00:00:00:03:03
info: e265.4: masks changed by 02:00:00:00:03:03: served are 02:00:00:00:03:03, 02:00:00:00:04:04
info: e265.4: masks emptied by 02:00:00:00:04:04: every MAC is served
`
	if got := s.log.Leveled(); got != want {
		t.Errorf("logged is\n%swant\n%s", got, want)
	}
}

// TestReportsAreFew has an initiator change the reservation as fast as it can:
// a few changes are logged, the last of them included, and how many were not.
func TestReportsAreFew(t *testing.T) {
	const changes = 1000
	s := serve(t, frametest.Export{}, plainDisk)
	begin := time.Now()
	for i := range changes {
		s.pass(reserveFrame(frametest.Friend, aoe.ReserveForceSet, aoe.MAC{2, 2, 2, 2, byte(i >> 8), byte(i)}))
	}
	s.end()
	lines := strings.Split(strings.TrimSpace(s.log.String()), "\n")
	shown, missed := 0, 0
	for _, line := range lines {
		var n int
		if _, err := fmt.Sscanf(line, "not shown before this: %d", &n); err == nil {
			missed += n
		} else {
			shown++
		}
	}
	// Ten at once, one a second, ten that waited for that, one between.
	if most := 10 + int(time.Since(begin).Seconds()) + 10 + 1; shown+missed != changes || shown < 10 || shown > most {
		t.Errorf("of %d changes %d are shown and %d counted:\n%s", changes, shown, missed, s.log)
	}
	if last := fmt.Sprintf("for 02:02:02:02:%02x:%02x, by force", (changes-1)>>8, (changes-1)&0xff); !strings.HasSuffix(lines[len(lines)-1], last) {
		t.Errorf("the last line is %q; want %q", lines[len(lines)-1], last)
	}
}

// TestReportsHoldNobodyUp has a log that takes nothing: an initiator that changes
// the reservation is answered all the same.
func TestReportsHoldNobodyUp(t *testing.T) {
	s := serve(t, frametest.Export{}, plainDisk)
	defer s.log.Block()()
	for i := range 50 {
		s.pass(reserveFrame(frametest.Friend, aoe.ReserveForceSet, aoe.MAC{2, 2, 2, 2, 2, byte(i)}))
	}
}
