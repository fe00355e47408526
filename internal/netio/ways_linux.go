// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"fmt"
	"strings"
)

// How frames are received.
const (
	byRing     = "ring"
	byRecvmmsg = "recvmmsg"
)

// notAsked is why no faster way is used without Config.Fast.
const notAsked = "not asked for"

// ReceiveWay returns how frames are received at the moment, and why not by a
// faster way.
func (l *Link) ReceiveWay() (way, why string) {
	if l.receiver.withRing.Load() {
		return byRing, ""
	}
	return byRecvmmsg, *l.receiver.why.Load()
}

// SendWay returns how frames are sent at the moment, and why not by a faster way.
func (l *Link) SendWay() (way, why string) {
	l.sendMu.Lock()
	defer l.sendMu.Unlock()
	if l.fast != nil {
		return wayXDP, ""
	}
	if l.bypass {
		return wayBypass, l.whyNotFast
	}
	return wayQdisc, strings.Join([]string{l.whyNotFast, l.whyQueued}, "; ")
}

// slowWays returns which faster ways were refused, and why.
func (l *Link) slowWays() (lines []string) {
	if way, why := l.ReceiveWay(); why != "" && why != notAsked {
		lines = append(lines, fmt.Sprintf("%s: frames are received by %s, slower than by a ring: %s", l.name, way, why))
	}
	way, why := l.SendWay()
	if why != "" && why != notAsked && !strings.HasPrefix(why, notUpYet) {
		why = strings.TrimPrefix(why, wayXDP+": ")
		lines = append(lines, fmt.Sprintf("%s: frames are sent by %s, slower than by %s: %s", l.name, way, wayXDP, why))
	}
	return lines
}
