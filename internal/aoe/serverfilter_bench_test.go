// SPDX-License-Identifier: GPL-2.0-only

package aoe_test

import (
	"math/rand/v2"
	"testing"

	"golang.org/x/net/bpf"

	"vblade/internal/aoe"
)

// BenchmarkServerFilter makes the filter of 1,000 targets.
func BenchmarkServerFilter(b *testing.B) {
	r := rand.New(rand.NewPCG(7, 7))
	for name, lists := range map[string]int{"open": 0, "3 lists": 3, "1000 lists": 1000} {
		b.Run(name, func(b *testing.B) {
			targets := farm(r, 1000, 50)
			for i := range targets {
				if lists > 0 {
					targets[i].Masks = []aoe.MAC{station(1), {9, 9, 9, 9, byte(i % lists >> 8), byte(i % lists)}}
				}
			}
			program := make([]bpf.RawInstruction, 0, aoe.FilterLimit)
			for range b.N {
				aoe.ServerFilter(program, targets)
			}
		})
	}
}
