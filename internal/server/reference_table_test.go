// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"testing"

	"vblade/test/frametest"
)

// TestReference holds the reference itself against the table.
func TestReference(t *testing.T) {
	for _, c := range frametest.All() {
		if !c.OneBatch() { // the reference has one MTU
			continue
		}
		r := newReference(c.Export)
		for _, m := range c.Export.Masks {
			r.direct(append([]byte{0, 1}, m[:]...))
		}
		for _, s := range c.Before {
			r.answer(s.Frame)
		}
		got := r.answer(c.Request)
		c.HeaderOnly = c.HeaderOnly || got.settled == 24
		t.Run(c.Name, func(t *testing.T) { checkReply(t, c, got.reply) })
	}
}
