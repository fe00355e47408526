// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"vblade/internal/aoe"
	"vblade/internal/macvlan"
)

// auto is the value of --hwaddr for addresses that are made from shelf and slot.
const auto = "auto"

// hwaddr is the value of --hwaddr: the export's own addresses, one for each link, or
// one for all links.
type hwaddr struct {
	auto bool
	list []aoe.MAC
}

// given reports whether the export has addresses of its own.
func (h hwaddr) given() bool { return h.auto || len(h.list) > 0 }

// Set reads the value.
func (h *hwaddr) Set(s string) error {
	*h = hwaddr{}
	if s == auto {
		h.auto = true
		return nil
	}
	for i, field := range strings.Split(s, ",") {
		m, ok := parseMAC(field)
		if !ok {
			return fmt.Errorf("number %d of the list, %q, is not a MAC; write it like a2:00:00:00:09:00, or write auto", i+1, field)
		}
		if err := macvlan.CheckAddress(m); err != nil {
			return err
		}
		if slices.Contains(h.list, m) {
			return fmt.Errorf("%v is there twice; give each link another, or one alone for all", net.HardwareAddr(m[:]))
		}
		h.list = append(h.list, m)
	}
	return nil
}

// String is the value as Set reads it.
func (h *hwaddr) String() string {
	if h.auto {
		return auto
	}
	return (*maskList)(&h.list).String()
}

// Type is not shown, because the usage text names the value.
func (h *hwaddr) Type() string { return "MAC" }

// checkCount refuses addresses that are neither one for each link nor one for all.
func (h hwaddr) checkCount(links int) error {
	if n := len(h.list); n > 1 && n != links {
		return fmt.Errorf("--hwaddr: MACs: %d, interfaces: %d; give one for each, in their order, one for all, or auto", n, links)
	}
	return nil
}

// addresses returns an export's own addresses, one for each link, or none without
// --hwaddr.
func (h hwaddr) addresses(shelf uint16, slot uint8, links int) []aoe.MAC {
	switch {
	case len(h.list) == 1:
		return slices.Repeat(h.list, links)
	case !h.auto:
		return h.list
	}
	list := make([]aoe.MAC, links)
	for i := range list {
		list[i] = macvlan.Address(shelf, slot, i)
	}
	return list
}
