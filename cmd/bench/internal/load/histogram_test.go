// SPDX-License-Identifier: GPL-2.0-only

package load

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestQuantile compares the histogram's quantiles with those of the sorted
// values.
func TestQuantile(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, most := range []int64{3, 200, 100_000, 50_000_000, 1 << 40} {
		var h histogram
		var values []time.Duration
		for range 10_000 {
			d := time.Duration(random.Int64N(most))
			values = append(values, d)
			h.add(d)
		}
		slices.Sort(values)
		for _, q := range []float64{0, 0.5, 0.99, 1} {
			want := values[int(q*float64(len(values)-1))]
			got := h.quantile(q)
			if diff := (got - want).Abs(); diff > want/subBuckets+1 {
				t.Errorf("quantile %v of values below %d is %d instead of %d", q, most, got, want)
			}
		}
	}
}
