// SPDX-License-Identifier: GPL-2.0-only

package ata

// The commands that a Disk serves (section 2). The Ext ones take an LBA of 48
// bits, the others one of 28.
const (
	Read          = 0x20
	ReadExt       = 0x24
	Write         = 0x30
	WriteExt      = 0x34
	CheckPower    = 0xe5
	FlushCache    = 0xe7
	FlushCacheExt = 0xea
	Identify      = 0xec
)

// Bits of the status register.
const (
	StatusReady = 0x40 // DRDY
	StatusFault = 0x20 // DF
	StatusData  = 0x08 // DRQ
	StatusError = 0x01 // ERR: the error register says why
)

// Bits of the error register.
const (
	ErrorUncorrectable = 0x40 // UNC
	ErrorNotFound      = 0x10 // IDNF: no such sector
	ErrorAborted       = 0x04 // ABRT
)

// powerActive is what CheckPower returns in the count: active or idle.
const powerActive = 0xff

// Command is a command as its registers describe it.
type Command struct {
	Opcode uint8
	Count  uint8  // sectors
	LBA    uint64 // first sector, 48 bits
}

// Result is what a command leaves in the registers.
type Result struct {
	Status uint8
	Error  uint8
	Count  uint8 // sectors not done; powerActive for CheckPower
}

// done is the result of a command that succeeded.
func done(count uint8) Result { return Result{Status: StatusReady, Count: count} }

// failed is the result of a command that failed with bits in the error register.
func failed(bits, count uint8) Result {
	return Result{Status: StatusReady | StatusError, Error: bits, Count: count}
}

// sector is the address of the first sector. 28-bit commands use only the low 28
// bits of the registers.
func (c Command) sector() int64 {
	if c.Opcode == Read || c.Opcode == Write {
		return int64(c.LBA & (1<<28 - 1))
	}
	return int64(c.LBA & (1<<48 - 1))
}
