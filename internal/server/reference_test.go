// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"encoding/binary"
	"slices"

	"vblade/test/frametest"
)

// sectorSize is the size of a sector in bytes.
const sectorSize = 512

// reference is a target written to be read, not to be fast: one frame at a time,
// every rule of docs/protocol.md again, with nothing of the packages under test.
// The fuzz target compares a server with it.
type reference struct {
	mtu      int
	export   frametest.Export
	disk     []byte
	config   []byte
	masks    [][]byte // addresses
	reserved [][]byte // addresses
}

// verdict is what the reference has to say about a frame.
type verdict struct {
	reply   []byte // nil for none
	settled int    // the facts settle this many bytes of it, and its length
}

// newReference returns the reference for an export of the table.
func newReference(e frametest.Export) *reference {
	return &reference{mtu: e.LinkMTU(), export: e, disk: frametest.Content(0, frametest.Sectors)}
}

// bodies are the shortest frames of the known commands, in bytes (section 1).
var bodies = []int{36, 32, 28, 26}

// isForUs reports whether a frame is a request to the target (section 1).
func isForUs(f []byte) bool {
	if len(f) < 24 || f[12] != 0x88 || f[13] != 0xa2 || f[14]&8 != 0 {
		return false
	}
	shelf, slot := binary.BigEndian.Uint16(f[16:]), f[18]
	return (shelf == frametest.Shelf || shelf == 0xffff) && (slot == frametest.Slot || slot == 0xff)
}

// serves reports whether a frame is answered at all (section 1).
func (r *reference) serves(f []byte) bool {
	if !isForUs(f) {
		return false
	}
	if len(r.masks) > 0 && !holds(r.masks, f[6:12]) {
		return false
	}
	return int(f[19]) >= len(bodies) || len(f) >= bodies[f[19]]
}

// holds reports whether a list has an address.
func holds(list [][]byte, mac []byte) bool {
	return slices.ContainsFunc(list, func(m []byte) bool { return bytes.Equal(m, mac) })
}

// answer judges a frame and changes the state as it asks.
func (r *reference) answer(request []byte) verdict {
	if !r.serves(request) {
		return verdict{}
	}
	f := bytes.Clone(request)
	copy(f, request[6:12])
	copy(f[6:], frametest.Target[:])
	binary.BigEndian.PutUint16(f[16:], frametest.Shelf)
	f[14], f[18] = f[14]|8, frametest.Slot
	commands := []func([]byte) []byte{r.ata, r.configure, r.mask, r.reserve}
	if int(f[19]) < len(commands) {
		f = commands[f[19]](f)
	} else {
		f = refuse(f, 1)
	}
	if f == nil {
		return verdict{}
	}
	if len(f) > r.room() {
		return verdict{refuse(f, 2)[:60], 24}
	}
	n := max(60, len(f))
	return verdict{fit(f, n), settled(request, f, n)}
}

// settled returns how much of a reply the facts settle: not what fills the 60
// bytes for CHECK POWER MODE (difference 8) and for a failed READ with W set.
func settled(request, f []byte, n int) int {
	const power, abort = 0xe5, 0x04
	if request[19] == 0 && n == 60 && (request[27] == power || f[25] == abort) {
		return 36
	}
	return n
}

// room is the longest reply, in bytes.
func (r *reference) room() int { return r.mtu + 14 }

// unsendable returns a reply that is too long, so that answer refuses it.
func (r *reference) unsendable(f []byte) []byte { return fit(f, r.room()+1) }

// refuse sets E and an error in f.
func refuse(f []byte, code byte) []byte {
	f[14], f[15] = f[14]|4, code
	return f
}

// fit cuts f to n bytes, or pads it with zeros.
func fit(f []byte, n int) []byte {
	return append(f[:min(n, len(f))], make([]byte, max(0, n-len(f)))...)
}

// ata is section 2.
func (r *reference) ata(f []byte) []byte {
	const identify, write = 0xec, 1
	if len(r.reserved) > 0 && !holds(r.reserved, f[:6]) && f[27] != identify {
		return fit(refuse(f, 6), 60)
	}
	count, flags := int(f[26]), f[24]
	data, status, ok := r.command(f)
	if !ok {
		return fit(refuse(f, 2), 60)
	}
	left := status[1]
	f[25], f[26], f[27] = status[0], left, 0x40
	if status[0] != 0 {
		f[27] = 0x41
	}
	whole := append(f[:36:36], data...)
	if flags&write != 0 || count == 0 {
		return fit(whole, 60)
	}
	return fit(whole, 36+sectorSize*max(0, count-int(left)))
}

// command does an ATA command: what stands in the reply's data, the error and
// count registers, and false for a bad argument.
func (r *reference) command(f []byte) (data []byte, registers [2]byte, ok bool) {
	held := f[36:]
	switch f[27] {
	case 0x20, 0x30, 0x24, 0x34:
		return r.transfer(f)
	case 0xec:
		if f[26] != 1 || r.mtu < 36+sectorSize {
			return nil, registers, false
		}
		return frametest.Identity, registers, true
	case 0xe5:
		return held, [2]byte{0, 0xff}, true
	case 0xe7, 0xea:
		if r.export.BadFlush {
			return held, [2]byte{0x04, f[26]}, true
		}
		return held, [2]byte{0, f[26]}, true
	}
	return held, [2]byte{0x04, f[26]}, true
}

// transfer is READ and WRITE.
func (r *reference) transfer(f []byte) (data []byte, registers [2]byte, ok bool) {
	count := int(f[26])
	lba := binary.LittleEndian.Uint64(append(bytes.Clone(f[28:34]), 0, 0))
	if f[27] == 0x20 || f[27] == 0x30 {
		lba &= 0x0fffffff
	}
	held := f[36:]
	isWrite := f[27] == 0x30 || f[27] == 0x34
	switch {
	case count > (r.mtu-36)/sectorSize:
		return nil, registers, false
	case lba+uint64(count) > frametest.Sectors:
		return held, [2]byte{0x10, byte(count)}, true
	case isWrite && len(held) < count*sectorSize:
		return nil, registers, false
	case isWrite && count > 0 && r.export.ReadOnly:
		return held, [2]byte{0x04, byte(count)}, true
	}
	able := count
	if bad := r.export.BadSector - int64(lba); r.export.BadSector > 0 && bad >= 0 && bad < int64(count) {
		able = int(bad)
	}
	own := r.disk[int(lba)*sectorSize:]
	if isWrite {
		copy(own, held[:able*sectorSize])
	} else if count > 0 {
		held = bytes.Clone(own[:able*sectorSize])
	}
	if able < count {
		return held, [2]byte{0x04, byte(count - able)}, true
	}
	return held, registers, true
}
