// SPDX-License-Identifier: GPL-2.0-only

package frametest

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"vblade/internal/aoe"
)

// The parts of the header that most frames share (section 1).
const (
	toTarget    = "020000000101 020000000202 88a2 " // destination, source, EtherType
	toInitiator = "020000000202 020000000101 88a2 "
	target      = " 0109 04 "  // shelf, slot
	tag         = " c0ffee11 " // Tag
)

// shortest is the length in bytes to which replies are padded (difference 13).
const shortest = 60

// x returns the bytes that s spells in hexadecimal, with blanks anywhere.
func x(s string) []byte {
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		panic(fmt.Sprintf("frametest: %q: %v", s, err)) // the table itself is wrong
	}
	return b
}

// frame is a frame spelled out in hexadecimal, with data after it.
func frame(s string, data ...[]byte) []byte {
	return slices.Concat(append([][]byte{x(s)}, data...)...)
}

// request is the frame of a command (in hexadecimal, like the body, which
// begins after the header) from Initiator to our target.
func request(command, body string, data ...[]byte) []byte {
	return frame(toTarget+"10 00"+target+command+tag+body, data...)
}

// reply is the answer to Initiator, without an error in the header.
func reply(command, body string, data ...[]byte) []byte {
	return padded(frame(toInitiator+"18 00"+target+command+tag+body, data...))
}

// refusal is the answer to Initiator with an error in the header.
func refusal(code, command, body string, data ...[]byte) []byte {
	return padded(frame(toInitiator+"1c "+code+target+command+tag+body, data...))
}

// padded returns f with zeros up to the shortest frame.
func padded(f []byte) []byte {
	return append(f, zeros(max(0, shortest-len(f)))...)
}

// from returns a request as m would send it.
func from(m aoe.MAC, f []byte) []byte {
	f = slices.Clone(f)
	copy(f[6:], m[:])
	return f
}

// to returns a reply as m would get it.
func to(m aoe.MAC, f []byte) []byte {
	f = slices.Clone(f)
	copy(f, m[:])
	return f
}

// zeros returns n zero bytes.
func zeros(n int) []byte { return make([]byte, n) }

// filler returns n bytes that no reply has of its own.
func filler(n int) []byte { return bytes.Repeat([]byte{0x5a}, n) }

// text returns n letters, the first n of one endless text.
func text(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'a' + byte(i%26)
	}
	return b
}

// Content returns what n sectors from lba on hold before anything is written:
// no two of the table's sectors are equal, nor two bytes next to one another.
func Content(lba, n int) []byte {
	b := make([]byte, n*sectorSize)
	for i := range b {
		b[i] = byte((lba*sectorSize+i)*13 + (lba+i/sectorSize)*29 + 7)
	}
	return b
}

// fresh returns n sectors of data that no sector holds before it is written.
func fresh(n int) []byte {
	b := Content(0, n)
	for i := range b {
		b[i] = byte(i*7) ^ byte(i>>8) ^ 0xa5
	}
	return b
}

// list returns the bytes of addresses, one after the other.
func list(macs ...aoe.MAC) []byte {
	var b []byte
	for _, m := range macs {
		b = append(b, m[:]...)
	}
	return b
}

// stations returns n different addresses, none of them one of the named ones.
func stations(n int) []aoe.MAC {
	macs := make([]aoe.MAC, n)
	for i := range macs {
		macs[i] = aoe.MAC{0x02, 0x00, 0x00, 0x77, byte(i >> 8), byte(i)}
	}
	return macs
}
