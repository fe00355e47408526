// SPDX-License-Identifier: GPL-2.0-only

package netio

// byBPF is the only way to receive and to send.
const byBPF = "bpf"

// ReceiveWay returns how frames are received. There is no faster way.
func (l *Link) ReceiveWay() (way, why string) { return byBPF, "" }

// SendWay returns how frames are sent. There is no faster way.
func (l *Link) SendWay() (way, why string) { return byBPF, "" }
