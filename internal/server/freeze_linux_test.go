// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"fmt"
	"os"
	"testing"

	"vblade/test/frametest"
)

// TestFreezes has a server be frozen again and again while it writes, by the ring and
// by workers.
func TestFreezes(t *testing.T) {
	for _, rings := range []bool{true, false} {
		t.Run(fmt.Sprintf("rings=%v", rings), func(t *testing.T) {
			const sectors = 512
			path := image(t, sectors)
			link := frametest.NewLink(9000)
			e := startRing(t, link.Host, link, rings, openDirect(t, path))
			testFreezes(t, e, sectors, func() []byte {
				b, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				return b
			})
			if e.server.Flown() != rings {
				t.Errorf("by the ring went something: %v", !rings)
			}
		})
	}
}
