// SPDX-License-Identifier: GPL-2.0-only

package aoe

import (
	"fmt"
	"strconv"
	"strings"
)

// Address is the address of a target.
type Address struct {
	Shelf uint16 // AoEr11: major address
	Slot  uint8  // AoEr11: minor address
}

// String returns the address as initiators write it, such as e9.0.
func (a Address) String() string { return fmt.Sprintf("e%d.%d", a.Shelf, a.Slot) }

// ParseAddress reads an address in the form of String.
func ParseAddress(s string) (Address, error) {
	shelf, slot, _ := strings.Cut(strings.TrimPrefix(s, "e"), ".")
	n, errShelf := strconv.ParseUint(shelf, 10, 16)
	m, errSlot := strconv.ParseUint(slot, 10, 8)
	a := Address{uint16(n), uint8(m)}
	if errShelf != nil || errSlot != nil || a.String() != s {
		return Address{}, fmt.Errorf("%q is no address; write e<shelf>.<slot>, such as e9.0", s)
	}
	return a, nil
}
