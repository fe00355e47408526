// SPDX-License-Identifier: GPL-2.0-only

package netio

import "fmt"

// Warnings returns that the receive buffer is smaller than wanted, if it is.
func (l *Link) Warnings(receiveBuffer int) []string {
	warnings := smallBuffer(l, receiveBuffer, raiseBuffer(receiveBuffer))
	ifi, err := findInterface(l.name)
	if err == nil && ifi.MTU > cutMTU(ifi.MTU) {
		warnings = append(warnings, fmt.Sprintf("of the MTU of %s, %d, only %d are used: not every FreeBSD sends longer frames by bpf",
			l.name, ifi.MTU, cutMTU(ifi.MTU)))
	}
	return warnings
}
