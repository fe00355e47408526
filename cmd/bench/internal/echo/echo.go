// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package echo

import (
	"context"
	"fmt"
	"io"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/netio"
)

// What vblade gives its link. The values must be the same, so that vblade could
// reach the rate of the echo.
const (
	receiveBuffer = 4 << 20 // bytes
	frameBuffers  = 320
	linger        = time.Millisecond
	spin          = 50 * time.Microsecond
)

// queue is how many requests the echo says that it queues.
const queue = 64

// Serve sends every frame for an address back, with the header and length of a
// reply, until ctx ends. It prints a line when it is ready.
func Serve(ctx context.Context, ready io.Writer, netif string, shelf uint16, slot uint8) error {
	host, err := netio.NewHost(netio.HostConfig{Linger: linger, Spin: spin})
	if err != nil {
		return err
	}
	defer host.Close()
	link, err := host.Open(netif, netio.Config{
		EtherType:     uint16(aoe.EtherType),
		Filter:        aoe.RequestFilter(nil, shelf, slot, nil),
		ReceiveBuffer: receiveBuffer,
		Buffers:       frameBuffers,
		Align:         aoe.ATALen,
		Fast:          true,
	})
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, host.Wake)()
	bufs := link.Buffers()[:netio.MaxBatch]
	fmt.Fprintln(ready, "echo: ready")
	t := turner{mac: link.MAC(), shelf: shelf, slot: slot, sectors: uint8(min(255, (link.MTU()-aoe.ATALen)/ata.SectorSize))}
	for ctx.Err() == nil {
		n, err := link.Receive(bufs, nil)
		if err != nil {
			return err
		}
		if n == 0 {
			host.Wait(-1)
			continue
		}
		for i, b := range bufs[:n] {
			bufs[i] = t.turn(b[:cap(b)], len(b))
		}
		link.Send(bufs[:n])
	}
	return nil
}

// turner turns requests into replies.
type turner struct {
	mac     aoe.MAC
	shelf   uint16
	slot    uint8
	sectors uint8 // of a frame
}

// turn makes the reply to the request of n bytes in a buffer.
func (t turner) turn(buf []byte, n int) []byte {
	f := aoe.Frame(buf)
	f.SetDst(f.Src())
	f.SetSrc(t.mac)
	f.Set(aoe.FlagResponse)
	switch {
	case f.Command() == aoe.CommandConfig:
		f.SetTarget(t.shelf, t.slot)
		return f[:max(aoe.MinLen, f.SetConfigReply(queue, t.sectors, nil))]
	case f.ATAFlags()&aoe.ATAWrite != 0 || n < aoe.ATALen:
		n = aoe.MinLen
	default:
		n = aoe.ATALen + int(f.ATACount())*ata.SectorSize
	}
	f.SetATAResult(ata.StatusReady, 0, 0)
	return f[:n]
}
