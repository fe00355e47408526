// SPDX-License-Identifier: GPL-2.0-only

package aoe

// ATALen is the length of an ATA frame before its data (section 2). It is also
// where the data begins: receive buffers are laid so that this byte starts a
// page.
const ATALen = 36

// ATAFlag is a bit of the ATA flags (section 2).
type ATAFlag uint8

// The ATA flags of AoEr11.
const (
	ATAExtended ATAFlag = 0x40 // E: 48-bit LBA
	ATADevice   ATAFlag = 0x10 // D: device/head register
	ATAAsync    ATAFlag = 0x02 // A: asynchronous
	ATAWrite    ATAFlag = 0x01 // W: data goes to the device
)

// Offsets in an ATA frame.
//
//	 24      25        26      27        28            34       36
//	+-------+---------+-------+---------+-------------+--------+----
//	| flags | feature | count | command | LBA, low    | 0    0 | data
//	|       | error   |       | status  | byte first  |        |
//	+-------+---------+-------+---------+-------------+--------+----
const (
	offATAFlags   = 24
	offATAFeature = 25
	offATACount   = 26
	offATACommand = 27
	offATALBA     = 28
)

// ATAFlags returns the ATA flags.
func (f Frame) ATAFlags() ATAFlag { return ATAFlag(f[offATAFlags]) }

// ATACount returns the count register, in sectors: to do in a request, not
// done in a reply.
func (f Frame) ATACount() uint8 { return f[offATACount] }

// ATACommand returns the ATA command of a request.
func (f Frame) ATACommand() uint8 { return f[offATACommand] }

// ATAError returns the error register of a reply.
func (f Frame) ATAError() uint8 { return f[offATAFeature] }

// ATAStatus returns the status register of a reply.
func (f Frame) ATAStatus() uint8 { return f[offATACommand] }

// ATALBA returns the 48 bits of the first sector's address.
func (f Frame) ATALBA() uint64 {
	b := f[offATALBA : offATALBA+6]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 |
		uint64(b[3])<<24 | uint64(b[4])<<32 | uint64(b[5])<<40
}

// SetATARequest writes the registers of a request.
func (f Frame) SetATARequest(flags ATAFlag, command, count uint8, lba uint64) {
	f[offATAFlags] = byte(flags)
	f[offATAFeature] = 0
	f[offATACount] = count
	f[offATACommand] = command
	for i := range 6 {
		f[offATALBA+i] = byte(lba >> (8 * i))
	}
	f[offATALBA+6], f[offATALBA+7] = 0, 0
}

// SetATAResult writes the registers that a reply changes.
func (f Frame) SetATAResult(status, err, count uint8) {
	f[offATACommand] = status
	f[offATAFeature] = err
	f[offATACount] = count
}
