// SPDX-License-Identifier: GPL-2.0-only

package netio

import "fmt"

// Warnings returns what a person should know of the link who wants so many bytes
// of receive buffer: that there are fewer, and which faster ways were refused.
func (l *Link) Warnings(receiveBuffer int) []string {
	return append(smallBuffer(l, receiveBuffer, fmt.Sprintf("sysctl -w net.core.rmem_max=%d", receiveBuffer)), l.slowWays()...)
}
