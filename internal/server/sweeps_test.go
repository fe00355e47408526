// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"testing"

	"vblade/internal/aoe"
)

// TestBroadcastsTogether sends as many broadcasts at once as a few hosts do that
// boot, and nothing after them: every export answers every one.
func TestBroadcastsTogether(t *testing.T) {
	const n, together = 40, 8
	f := newFleet(t, 1, 400)
	f.addAll(n)
	f.serve(patience)
	l := f.links[0]
	var tags []uint32
	var frames [][]byte
	for range together {
		tags = append(tags, f.next())
		frames = append(frames, sentToAll(configFrame(f.tag, aoe.ConfigRead, "")))
	}
	l.Deliver(frames...)
	for _, tag := range tags {
		f.checkAnswers(f.answers(l, tag, n), n, func(int) bool { return true })
	}
}
