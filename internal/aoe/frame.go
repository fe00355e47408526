// SPDX-License-Identifier: GPL-2.0-only

package aoe

import (
	"encoding/binary"

	"github.com/mdlayher/ethernet"
)

// EtherType is the type registered for ATA over Ethernet.
const EtherType ethernet.EtherType = 0x88a2

// MAC is an Ethernet address, comparable and free of allocation.
type MAC [6]byte

// MACLen is the length of an address on the wire, in bytes.
const MACLen = 6

// Broadcast is the address of every station on the LAN.
var Broadcast = MAC(ethernet.Broadcast)

// Lengths of frames in bytes, from the first byte of the Ethernet header.
const (
	EthernetHeaderLen = 14 // not counted by an interface's MTU
	HeaderLen         = 24 // what every command shares (section 1)
	MinLen            = 60 // Ethernet's minimum, without the checksum
)

// Version is the protocol version that AoEr11 describes.
const Version = 1

// Shelf and slot that address every target (section 1).
const (
	EveryShelf uint16 = 0xffff
	EverySlot  uint8  = 0xff
)

// Flag is a bit of the header's flags (section 1).
type Flag uint8

// The flags that vblade knows.
const (
	FlagResponse Flag = 0x08 // R: the frame is a reply
	FlagError    Flag = 0x04 // E: the reply's error field says why
)

// Error is the header's error code, valid where FlagError is set (section 1).
type Error uint8

// The error codes of AoEr11.
const (
	ErrCommand  Error = 1 // unrecognized command code
	ErrArgument Error = 2 // bad argument parameter
	ErrDevice   Error = 3 // device unavailable
	ErrConfig   Error = 4 // config string present
	ErrVersion  Error = 5 // unsupported version
	ErrReserved Error = 6 // target is reserved
)

// Command says what a frame asks for (section 1).
type Command uint8

// The commands that vblade answers.
const (
	CommandATA     Command = 0
	CommandConfig  Command = 1
	CommandMask    Command = 2
	CommandReserve Command = 3
)

// Offsets in the header.
const (
	offDst       = 0
	offSrc       = 6
	offEtherType = 12
	offVersion   = 14 // version in the high nibble, flags in the low
	offError     = 15
	offShelf     = 16
	offSlot      = 18
	offCommand   = 19
	offTag       = 20
)

// Frame is a view over a frame's bytes.
//
//	 0               6               12      14   15   16      18   19   20      24
//	+---------------+---------------+-------+----+----+-------+----+----+-------+----
//	| destination   | source        | 88 a2 |v|fl| er | shelf |slot|cmd |  tag  | by command
//	+---------------+---------------+-------+----+----+-------+----+----+-------+----
//
// The accessors expect at least HeaderLen bytes, those of a command at least
// that command's length.
type Frame []byte

// Dst returns the destination address.
func (f Frame) Dst() MAC { return MAC(f[offDst:]) }

// SetDst sets the destination address.
func (f Frame) SetDst(m MAC) { copy(f[offDst:], m[:]) }

// Src returns the source address.
func (f Frame) Src() MAC { return MAC(f[offSrc:]) }

// SetSrc sets the source address.
func (f Frame) SetSrc(m MAC) { copy(f[offSrc:], m[:]) }

// EtherType returns the frame's type; ours is EtherType.
func (f Frame) EtherType() ethernet.EtherType {
	return ethernet.EtherType(binary.BigEndian.Uint16(f[offEtherType:]))
}

// Version returns the protocol version.
func (f Frame) Version() uint8 { return f[offVersion] >> 4 }

// Has reports whether a flag is set.
func (f Frame) Has(flag Flag) bool { return Flag(f[offVersion])&flag != 0 }

// Set sets a flag and leaves the other bits as they are.
func (f Frame) Set(flag Flag) { f[offVersion] |= byte(flag) }

// Error returns the error code.
func (f Frame) Error() Error { return Error(f[offError]) }

// Fail sets the error flag and code.
func (f Frame) Fail(e Error) {
	f.Set(FlagError)
	f[offError] = byte(e)
}

// Shelf returns the target's shelf.
func (f Frame) Shelf() uint16 { return binary.BigEndian.Uint16(f[offShelf:]) }

// Slot returns the target's slot.
func (f Frame) Slot() uint8 { return f[offSlot] }

// Address returns the target's address.
func (f Frame) Address() Address { return Address{f.Shelf(), f.Slot()} }

// SetTarget sets shelf and slot.
func (f Frame) SetTarget(shelf uint16, slot uint8) {
	binary.BigEndian.PutUint16(f[offShelf:], shelf)
	f[offSlot] = slot
}

// Command returns the command code.
func (f Frame) Command() Command { return Command(f[offCommand]) }

// Tag returns the initiator's tag, which a reply repeats.
func (f Frame) Tag() uint32 { return binary.BigEndian.Uint32(f[offTag:]) }

// SetTag sets the tag.
func (f Frame) SetTag(tag uint32) { binary.BigEndian.PutUint32(f[offTag:], tag) }

// SetHeader writes the part of the header that does not name anyone:
// EtherType, version, flags, no error, command.
func (f Frame) SetHeader(version uint8, flags Flag, c Command) {
	binary.BigEndian.PutUint16(f[offEtherType:], uint16(EtherType))
	f[offVersion] = version<<4 | byte(flags)
	f[offError] = 0
	f[offCommand] = byte(c)
}
