// SPDX-License-Identifier: GPL-2.0-only

package netio

// Ways says how a Link receives and sends, and why not faster.
type Ways struct {
	Receive, Send       string // the ways in use, such as ring and recvmmsg
	WhyReceive, WhySend string // why not a faster one; empty where there is none
}
