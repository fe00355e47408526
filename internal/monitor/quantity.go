// SPDX-License-Identifier: GPL-2.0-only

package monitor

import (
	"fmt"
	"time"
)

// unit is a unit of measurement and its size in the smallest one.
type unit struct {
	name string
	size float64
}

// quantity is v in the first of the units in which it has at most three digits
// before the point, or in the last one. It is whole in the smallest unit, and has
// one digit after the point in the others.
func quantity(v float64, units ...unit) string {
	if v < 999.5*units[0].size {
		return fmt.Sprintf("%.0f %s", v/units[0].size, units[0].name)
	}
	u := units[1]
	for _, u = range units[1:] {
		if v < 999.95*u.size {
			break
		}
	}
	return fmt.Sprintf("%.1f %s", v/u.size, u.name)
}

// byteCount is an amount of data in decimal units.
func byteCount(n uint64) string {
	return quantity(float64(n), unit{"B", 1}, unit{"kB", 1e3}, unit{"MB", 1e6}, unit{"GB", 1e9}, unit{"TB", 1e12}, unit{"PB", 1e15})
}

// duration is a time.
func duration(d time.Duration) string {
	return quantity(float64(d), unit{"us", 1e3}, unit{"ms", 1e6}, unit{"s", 1e9})
}
