// SPDX-License-Identifier: GPL-2.0-only

package server

// lanes allocates the numbers by which the order identifies exports.
type lanes struct {
	next uint16
	free []uint16 // that are free again
}

// MaxExports is the most exports that a server has.
const MaxExports = 1<<16 - 1

// used returns how many numbers are in use.
func (l *lanes) used() int { return int(l.next) - len(l.free) }

// take returns a number that no export has. There are MaxExports numbers.
func (l *lanes) take() uint16 {
	if n := len(l.free); n > 0 {
		id := l.free[n-1]
		l.free = l.free[:n-1]
		return id
	}
	l.next++
	return l.next
}

// give frees a number that has nothing in flight.
func (l *lanes) give(id uint16) { l.free = append(l.free, id) }
