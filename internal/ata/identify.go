// SPDX-License-Identifier: GPL-2.0-only

package ata

import "encoding/binary"

// Identity is what a disk says about itself (section 3). Strings that are too
// long are cut.
type Identity struct {
	Serial   string // 20 characters
	Firmware string // 8 characters
	Model    string // 40 characters
}

// Words of the IDENTIFY data that hold more than one word, from first to last.
const (
	wordSerial, wordSerialEnd     = 10, 20
	wordFirmware, wordFirmwareEnd = 23, 27
	wordModel, wordModelEnd       = 27, 47
	wordSectors28                 = 60  // 32 bits
	wordSectors48                 = 100 // 48 bits
)

// maxSectors28 is the largest size that IDENTIFY gives for 28-bit commands.
const maxSectors28 = 1<<28 - 1

// identifyWords are the words that are the same for every disk.
var identifyWords = []struct{ word, value uint16 }{
	{47, 0x8000}, // no multiple-sector transfers
	{49, 0x0200}, // LBA
	{50, 0x4000},
	{83, 0x7400}, // FLUSH CACHE, FLUSH CACHE EXT and 48-bit LBA supported
	{84, 0x4000},
	{86, 0x3400}, // the same enabled
	{87, 0x4000},
	{93, 0x400b},
}

// put writes the IDENTIFY data of a disk of the given size over b.
func (id Identity) put(b []byte, sectors int64) {
	clear(b)
	putString(b[2*wordSerial:2*wordSerialEnd], id.Serial)
	putString(b[2*wordFirmware:2*wordFirmwareEnd], id.Firmware)
	putString(b[2*wordModel:2*wordModelEnd], id.Model)
	for _, w := range identifyWords {
		binary.LittleEndian.PutUint16(b[2*w.word:], w.value)
	}
	binary.LittleEndian.PutUint32(b[2*wordSectors28:], uint32(min(sectors, maxSectors28)))
	var n [8]byte
	binary.LittleEndian.PutUint64(n[:], uint64(sectors))
	copy(b[2*wordSectors48:], n[:6])
}

// putString writes an ATA string over b: padded with spaces, the two bytes of
// each word swapped.
func putString(b []byte, s string) {
	for i := range b {
		c := byte(' ')
		if i < len(s) {
			c = s[i]
		}
		b[i^1] = c
	}
}
