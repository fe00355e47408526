// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"fmt"
	"slices"
	"strings"
)

// splitLinks reads a list of interfaces, separated by commas.
func splitLinks(netif string) ([]string, error) {
	links := strings.Split(netif, ",")
	for i, link := range links {
		switch {
		case link == "" && len(links) == 1:
			return nil, fmt.Errorf("netif is empty; name a network interface")
		case link == "":
			return nil, fmt.Errorf("netif %q: number %d of the list is empty; write it like eth0,eth1", netif, i+1)
		case slices.Contains(links[:i], link):
			return nil, fmt.Errorf("netif %q names %s twice; once is enough", netif, link)
		}
	}
	return links, nil
}
