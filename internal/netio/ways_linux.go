// SPDX-License-Identifier: GPL-2.0-only

package netio

// How frames are received.
const (
	byRing     = "ring"
	byRecvmmsg = "recvmmsg"
)

// notAsked is why nothing faster is used where nobody has asked for it.
const notAsked = "not asked for"

// Ways returns how the Link receives and sends at the moment. Any goroutine may
// ask.
func (l *Link) Ways() Ways {
	var w Ways
	w.Receive, w.WhyReceive = l.receiver.way()
	return w
}
