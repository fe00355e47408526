// SPDX-License-Identifier: GPL-2.0-only

package aoe

import "encoding/binary"

// ConfigLen is the length of a config frame before its string (section 4).
const ConfigLen = 32

// MaxConfigString is the longest config string, in bytes.
const MaxConfigString = 1024

// Firmware is the version a config reply names: the level of vblade 25.
const Firmware = 0x4019

// ConfigOp is the subcommand of a config frame (section 4).
type ConfigOp uint8

// The config subcommands.
const (
	ConfigRead     ConfigOp = 0 // always answered
	ConfigTest     ConfigOp = 1 // answered if the string is equal
	ConfigPrefix   ConfigOp = 2 // answered if ours begins with the string
	ConfigSet      ConfigOp = 3 // sets an empty string
	ConfigForceSet ConfigOp = 4 // sets any string
)

// Offsets in a config frame.
//
//	 24        26         28      29          30       32
//	+---------+----------+-------+-----------+--------+----
//	| buffers | firmware | scnt  | vers|ccmd | length | string
//	+---------+----------+-------+-----------+--------+----
const (
	offConfigBuffers  = 24
	offConfigFirmware = 26
	offConfigSectors  = 28
	offConfigOp       = 29
	offConfigLength   = 30
)

// ConfigOp returns the subcommand.
func (f Frame) ConfigOp() ConfigOp { return ConfigOp(f[offConfigOp] & 0x0f) }

// ConfigBuffers returns how many requests the target says it queues.
func (f Frame) ConfigBuffers() uint16 { return binary.BigEndian.Uint16(f[offConfigBuffers:]) }

// ConfigFirmware returns the target's firmware version.
func (f Frame) ConfigFirmware() uint16 { return binary.BigEndian.Uint16(f[offConfigFirmware:]) }

// ConfigSectors returns the most sectors that the target takes in one frame.
func (f Frame) ConfigSectors() uint8 { return f[offConfigSectors] }

// ConfigLength returns the length field, in bytes, as the sender gave it: it
// may be longer than what the frame holds.
func (f Frame) ConfigLength() int { return int(binary.BigEndian.Uint16(f[offConfigLength:])) }

// ConfigString returns the config string, and false where its length exceeds
// MaxConfigString or the frame.
func (f Frame) ConfigString() ([]byte, bool) {
	n := f.ConfigLength()
	if n > MaxConfigString || n > len(f)-ConfigLen {
		return nil, false
	}
	return f[ConfigLen : ConfigLen+n], true
}

// SetConfigRequest writes the fields of a request and returns its length.
func (f Frame) SetConfigRequest(op ConfigOp, s []byte) int {
	clear(f[HeaderLen:ConfigLen])
	f[offConfigOp] = Version<<4 | byte(op)
	return f.setConfigString(s)
}

// SetConfigReply writes the fields of a reply, keeping the subcommand, and
// returns its length. The frame has room for the string.
func (f Frame) SetConfigReply(buffers uint16, sectors uint8, s []byte) int {
	binary.BigEndian.PutUint16(f[offConfigBuffers:], buffers)
	binary.BigEndian.PutUint16(f[offConfigFirmware:], Firmware)
	f[offConfigSectors] = sectors
	f[offConfigOp] = Version<<4 | f[offConfigOp]&0x0f
	return f.setConfigString(s)
}

// setConfigString writes a string with its length and returns the frame's.
func (f Frame) setConfigString(s []byte) int {
	binary.BigEndian.PutUint16(f[offConfigLength:], uint16(len(s)))
	return ConfigLen + copy(f[ConfigLen:], s)
}
