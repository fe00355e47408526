// SPDX-License-Identifier: GPL-2.0-only

package differential

import (
	"strings"

	"vblade/internal/aoe"
	"vblade/internal/ata"
)

// setATA writes an ATA request.
func setATA(f aoe.Frame, flags aoe.ATAFlag, command, count uint8, lba uint64) {
	f.SetHeader(aoe.Version, 0, aoe.CommandATA)
	f.SetATARequest(flags, command, count, lba)
}

// setConfig writes a config request.
func setConfig(f aoe.Frame, op aoe.ConfigOp, s string) {
	f.SetHeader(aoe.Version, 0, aoe.CommandConfig)
	f.SetConfigRequest(op, []byte(s))
}

// setMasks writes a MAC mask request with directives that add.
func setMasks(f aoe.Frame, op aoe.MaskOp, macs ...aoe.MAC) {
	f.SetHeader(aoe.Version, 0, aoe.CommandMask)
	f.SetMaskRequest(op, len(macs))
	for i, m := range macs {
		f.SetDirective(i, aoe.DirectiveAdd, m)
	}
}

// setReservation writes a reserve/release request.
func setReservation(f aoe.Frame, op aoe.ReserveOp, macs ...aoe.MAC) {
	f.SetHeader(aoe.Version, 0, aoe.CommandReserve)
	f.SetReserveRequest(op, macs)
}

// ata makes an ATA frame.
func (g *generator) ata() aoe.Frame {
	command := g.opcode()
	count := g.count(command)
	f := g.frame(aoe.CommandATA, aoe.ATALen+g.dataLen(command, count))
	flags := aoe.ATAFlag(0)
	if command == ata.ReadExt || command == ata.WriteExt || command == ata.FlushCacheExt {
		flags |= aoe.ATAExtended
	}
	if command == ata.Write || command == ata.WriteExt {
		flags |= aoe.ATAWrite
	}
	if g.percent(20) {
		flags = aoe.ATAFlag(g.rng.Uint32())
	}
	f.SetATARequest(flags, command, count, g.lba(int(count)))
	if g.percent(15) {
		f[25] = byte(g.rng.Uint32())                // the feature register
		copy(f[34:aoe.ATALen], g.bytes(aoe.ATALen)) // reserved
	}
	copy(f[aoe.ATALen:], g.bytes(len(f)-aoe.ATALen))
	return f
}

// opcode returns an ATA command.
func (g *generator) opcode() uint8 {
	switch n := g.rng.IntN(100); {
	case n < 40:
		return oneOf[uint8](g, ata.Read, ata.ReadExt)
	case n < 75:
		return oneOf[uint8](g, ata.Write, ata.WriteExt)
	case n < 92:
		return oneOf[uint8](g, ata.FlushCache, ata.FlushCacheExt, ata.Identify, ata.CheckPower)
	default:
		return oneOf(g, 0x00, 0x10, 0x21, 0x25, 0x29, 0x31, 0x35, 0x40, 0x90, 0xa1, 0xc8, 0xca, 0xe0, 0xef, uint8(g.rng.Uint32()))
	}
}

// count returns a count that suits a command, or does not.
func (g *generator) count(command uint8) uint8 {
	most := g.model.leg.transfer()
	switch n := g.rng.IntN(100); {
	case n < 55 && command == ata.Identify:
		return 1
	case n < 80:
		return uint8(g.between(0, most))
	case n < 88:
		return uint8(most)
	case n < 94:
		return uint8(most + 1)
	default:
		return oneOf(g, 0, 1, 254, 255, uint8(g.rng.Uint32()))
	}
}

// lba returns the address of a transfer of count sectors.
func (g *generator) lba(count int) uint64 {
	size := g.model.leg.sectors
	switch n := g.rng.IntN(100); {
	case n < 70:
		return uint64(g.between(0, max(0, size-count)))
	case n < 76:
		return uint64(max(0, size-count))
	case n < 84:
		return uint64(max(0, g.between(size-count-2, size+2)))
	case n < 90:
		// Of this a 28-bit command sees something inside.
		return uint64(g.between(0, size-1)) | g.rng.Uint64()<<28&(1<<48-1)
	case n < 94:
		return oneOf(g, 1<<48-1, 1<<48-uint64(count), 1<<28-1, 1<<28, 1<<32, 1<<31, 1<<47, 1<<32-uint64(count))
	default:
		return g.rng.Uint64() & (1<<48 - 1)
	}
}

// dataLen returns how many bytes follow the registers.
func (g *generator) dataLen(command, count uint8) int {
	room := g.model.leg.room() - aoe.ATALen
	n := 0
	if command == ata.Write || command == ata.WriteExt {
		n = min(int(count)*sectorSize, room)
	}
	switch k := g.rng.IntN(100); {
	case k < 4:
		return max(0, n-1)
	case k < 8:
		return max(0, n-g.between(1, 2*sectorSize))
	case k < 14:
		return min(room, n+g.between(1, 2*sectorSize))
	case k < 70:
		return max(n, aoe.MinLen-aoe.ATALen)
	default:
		return n
	}
}

// configFrame makes a config frame.
func (g *generator) configFrame() aoe.Frame {
	s := g.configString()
	f := g.frame(aoe.CommandConfig, aoe.ConfigLen+len(s))
	op := aoe.ConfigOp(g.between(0, 4))
	if g.percent(6) {
		op = aoe.ConfigOp(g.between(5, 15))
	}
	f.SetConfigRequest(op, []byte(s))
	if g.percent(10) {
		copy(f[24:29], g.bytes(5)) // buffers, firmware, sectors
		f[29] = byte(g.rng.IntN(16))<<4 | f[29]&0x0f
	}
	wrong := 10
	if op > aoe.ConfigForceSet {
		wrong = 60 // the string of an unknown subcommand need not be there
	}
	if g.percent(wrong) {
		n := len(s) + oneOf(g, -1, -2, 1, 2, 31, 32, 33, 40, 1024, 1025, 0x8000)
		f[30], f[31] = byte(n>>8), byte(n)
	}
	return f
}

// configString returns a string of two letters, short enough to meet others, or
// one near the longest.
func (g *generator) configString() string {
	n := g.rng.IntN(5)
	if g.percent(5) {
		n = g.between(aoe.MaxConfigString-2, aoe.MaxConfigString+2)
	}
	n = min(n, g.model.leg.room()+overlong-aoe.ConfigLen)
	if n > 8 {
		return strings.Repeat("long", n/4+1)[:n]
	}
	var b strings.Builder
	for range n {
		b.WriteByte(oneOf[byte](g, 'a', 'b'))
	}
	return b.String()
}

// maskFrame makes a MAC mask frame.
func (g *generator) maskFrame() aoe.Frame {
	op := oneOf(g, aoe.MaskRead, aoe.MaskEdit, aoe.MaskEdit)
	if g.percent(6) {
		op = aoe.MaskOp(g.rng.Uint32())
	}
	n := g.rng.IntN(4)
	if g.percent(5) {
		n = g.between(0, min(255, (g.model.leg.room()-aoe.MaskLen)/aoe.DirectiveLen))
	}
	f := g.frame(aoe.CommandMask, aoe.MaskLen+n*aoe.DirectiveLen)
	reserved := f[24]
	f.SetMaskRequest(op, n)
	f[24] = reserved
	for i := range n {
		f.SetDirective(i, g.directive(), g.mac())
		if g.percent(5) {
			f[aoe.MaskLen+i*aoe.DirectiveLen] = byte(g.rng.Uint32()) // reserved
		}
	}
	if g.percent(5) {
		f[27] = byte(n + oneOf(g, -1, 1, 2, 200))
	}
	return f
}

// directive returns a directive.
func (g *generator) directive() aoe.DirectiveOp {
	switch n := g.rng.IntN(100); {
	case n < 40:
		return aoe.DirectiveNone
	case n < 65:
		return aoe.DirectiveAdd
	case n < 92:
		return aoe.DirectiveDelete
	default:
		return aoe.DirectiveOp(g.rng.Uint32())
	}
}

// reserveFrame makes a reserve/release frame; most sets release.
func (g *generator) reserveFrame() aoe.Frame {
	op := oneOf(g, aoe.ReserveRead, aoe.ReserveSet, aoe.ReserveSet, aoe.ReserveForceSet, aoe.ReserveForceSet)
	if g.percent(6) {
		op = aoe.ReserveOp(g.rng.Uint32())
	}
	n := oneOf(g, 0, 0, 0, 0, 0, 0, 1, 2, 3)
	if g.percent(3) {
		n = g.between(0, min(aoe.MaxReservations, (g.model.leg.room()-aoe.ReserveLen)/aoe.MACLen))
	}
	list := make([]aoe.MAC, n)
	for i := range list {
		list[i] = g.mac()
	}
	f := g.frame(aoe.CommandReserve, aoe.ReserveLen+n*aoe.MACLen)
	f.SetReserveRequest(op, list)
	if g.percent(8) {
		f[25] = byte(n + oneOf(g, -1, 1, 2, 100))
	}
	return f
}
