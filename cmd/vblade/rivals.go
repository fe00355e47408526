// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"vblade/internal/initiator"
	"vblade/internal/journal"
)

// How other targets of our address are looked for.
const (
	rivalTime  = time.Second // to answer in, and until we ask again if we could not
	rivalsMost = 4           // that are told of; one is enough to be warned
)

// rivals looks for other targets of an export's address. They may be other paths
// to the same disk; if not, an initiator sees now the one disk, now the other.
type rivals struct {
	shelf uint16
	slot  uint8
	netif string
	ini   *initiator.Initiator
	log   *journal.Log
}

// openRivals opens the socket of its own with which rivals are looked for on a
// link. That it cannot is no reason not to serve.
func openRivals(o options, link string, log *journal.Log) *rivals {
	ini, err := initiator.Open(link, initiator.Options{Patience: rivalTime})
	if err != nil {
		log.Warnf("no look for other targets of this address: %v", err)
	}
	return &rivals{shelf: o.shelf, slot: o.slot, netif: link, ini: ini, log: log}
}

// look asks the LAN once, as soon as the link takes the question, and warns of
// each rival; it closes the socket and returns, early if ctx ends.
func (r *rivals) look(ctx context.Context) {
	if r.ini == nil {
		return
	}
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		r.ini.Interrupt()
	})
	defer func() {
		if !stop() {
			<-interrupted
		}
		r.ini.Close()
	}()
	for {
		found, err := r.ini.Ask(r.shelf, r.slot, rivalTime, rivalsMost)
		if err == nil {
			r.warn(found)
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(rivalTime): // the link is down
		}
	}
}

// warn warns of targets of our address that are not on our own interface.
func (r *rivals) warn(found []*initiator.Target) {
	for _, t := range found {
		if t.MAC == r.ini.MAC() || t.Shelf != r.shelf || t.Slot != r.slot {
			continue
		}
		size := "size unknown"
		if id, err := t.Identify(); err == nil {
			size = fmt.Sprintf("%d sectors", id.Sectors)
		}
		r.log.Warnf("%s: %s serves %s too (%s); if that is not another path to the same disk, give one of them another shelf or slot",
			r.netif, net.HardwareAddr(t.MAC[:]), t.Name(), size)
	}
}
