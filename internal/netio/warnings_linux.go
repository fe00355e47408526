// SPDX-License-Identifier: GPL-2.0-only

package netio

import "fmt"

// Warnings returns that the receive buffer is smaller than wanted, if it is, and
// which faster ways were refused.
func (l *Link) Warnings(receiveBuffer int) []string {
	return append(smallBuffer(l, receiveBuffer, fmt.Sprintf("sysctl -w net.core.rmem_max=%d", receiveBuffer)), l.slowWays()...)
}
