// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package main

import (
	"fmt"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/netio"
)

// The address of every target.
const (
	shelf = 9
	slot  = 0
)

// echoReceiveBuffer is what the echo's socket holds, in bytes, as our vblade's.
const echoReceiveBuffer = 4 << 20

// echo is the target without a disk: it turns every frame round as it is, with
// a reply's header and length, until a signal ends the process.
func echo(netif string) error {
	filter := aoe.RequestFilter(nil, shelf, slot, nil)
	host, err := netio.NewHost(netio.HostConfig{})
	if err != nil {
		return err
	}
	link, err := host.Open(netif, netio.Config{
		EtherType:     uint16(aoe.EtherType),
		Filter:        filter,
		ReceiveBuffer: echoReceiveBuffer,
		Buffers:       netio.MaxBatch,
		Align:         aoe.ATALen,
	})
	if err != nil {
		return err
	}
	bufs := link.Buffers()
	fmt.Println("echo: ready")
	out := make([][]byte, 0, len(bufs))
	sectors := uint8(min(255, (link.MTU()-aoe.ATALen)/ata.SectorSize))
	for {
		host.Wait(-1)
		n, err := link.Receive(bufs, nil)
		if err != nil {
			return err
		}
		out = out[:0]
		for _, b := range bufs[:n] {
			out = append(out, turnRound(b[:cap(b)], len(b), link.MAC(), sectors))
		}
		link.Send(out)
	}
}

// turnRound makes the reply to the request of n bytes in a buffer.
func turnRound(buf []byte, n int, mac aoe.MAC, sectors uint8) []byte {
	f := aoe.Frame(buf)
	f.SetDst(f.Src())
	f.SetSrc(mac)
	f.Set(aoe.FlagResponse)
	switch {
	case f.Command() == aoe.CommandConfig:
		f.SetTarget(shelf, slot)
		return f[:max(aoe.MinLen, f.SetConfigReply(maxDepth, sectors, nil))]
	case f.ATAFlags()&aoe.ATAWrite != 0 || n < aoe.ATALen:
		n = aoe.MinLen
	default:
		n = aoe.ATALen + int(f.ATACount())*ata.SectorSize
	}
	f.SetATAResult(ata.StatusReady, 0, 0)
	return f[:n]
}
