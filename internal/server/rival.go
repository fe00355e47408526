// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"net"
	"slices"
	"time"

	"vblade/internal/aoe"
)

// How many rivals are logged: so many at once, then one in a while. What is left
// out makes itself known again, or others of it did.
const (
	rivalBurst = 4
	rivalEvery = 10 * time.Second
)

// rival is another target with the address of an export, on a port's LAN.
type rival struct {
	port   *Port
	export *export
	mac    aoe.MAC
}

// hear takes in a reply that nobody has asked for: a target makes itself known by
// it (section 4). It queues a rival for the log and never blocks. Leader only.
func (s *Server) hear(p *Port, f aoe.Frame) {
	if f.Dst() != aoe.Broadcast || f.Command() != aoe.CommandConfig || f.Tag() != 0 || f.Has(aoe.FlagError) {
		return
	}
	at := p.exports[keyOf(f.Shelf(), f.Slot())]
	if at == nil || at.export.isOwn(f.Src()) {
		return
	}
	select {
	case s.reporter.rivals <- rival{port: p, export: at.export, mac: f.Src()}:
	default:
	}
}

// isOwn tells whether an address is that of a port of the export: another of its
// ports may be on the same LAN.
func (e *export) isOwn(mac aoe.MAC) bool {
	return slices.ContainsFunc(e.ports, func(p *Port) bool { return *p.wire.MAC.Load() == mac })
}

// logRival logs a rival, if it is one of few.
func (s *Server) logRival(r rival) {
	if s.reporter.fewer.Allow() {
		s.log.Warnf("%s: %v serves %s too; if that is not another path to the same disk, give one of them another shelf or slot",
			r.port.link.Name(), net.HardwareAddr(r.mac[:]), r.export.Name())
	}
}
