// SPDX-License-Identifier: GPL-2.0-only

package netio

// Ways returns how the Link receives and sends: there is one way.
func (l *Link) Ways() Ways { return Ways{Receive: "bpf", Send: "bpf"} }
