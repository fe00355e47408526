// SPDX-License-Identifier: GPL-2.0-only

package aoe_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"vblade/internal/aoe"
)

// unhex returns the bytes that s spells in hexadecimal, with blanks anywhere.
func unhex(t *testing.T, s string) aoe.Frame {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// same fails the test where got is not want.
func same[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// sameBytes fails the test where a frame is not what s spells.
func sameBytes(t *testing.T, got aoe.Frame, s string) {
	t.Helper()
	if want := unhex(t, s); !bytes.Equal(got, want) {
		t.Errorf("the frame is\n%swant\n%s", hex.Dump(got), hex.Dump(want))
	}
}

// sevens returns n bytes of 0x77, over which a setter writes.
func sevens(n int) aoe.Frame { return bytes.Repeat([]byte{0x77}, n) }

// TestHeader reads the header's fields from where section 1 has them.
func TestHeader(t *testing.T) {
	f := unhex(t, "010203040506 0708090a0b0c 88a2 2d 05 0102 03 04 11223344")
	same(t, "destination", f.Dst(), aoe.MAC{1, 2, 3, 4, 5, 6})
	same(t, "source", f.Src(), aoe.MAC{7, 8, 9, 10, 11, 12})
	same(t, "EtherType", f.EtherType(), 0x88a2)
	same(t, "version", f.Version(), 2)
	same(t, "R", f.Has(aoe.FlagResponse), true)
	same(t, "E", f.Has(aoe.FlagError), true)
	same(t, "error", f.Error(), aoe.ErrVersion)
	same(t, "shelf", f.Shelf(), 0x0102)
	same(t, "slot", f.Slot(), 3)
	same(t, "command", f.Command(), 4)
	same(t, "tag", f.Tag(), 0x11223344)
	f[14] = 0xf3
	same(t, "R", f.Has(aoe.FlagResponse), false)
	same(t, "E", f.Has(aoe.FlagError), false)
}

// TestSetHeader writes each part of the header and nothing else.
func TestSetHeader(t *testing.T) {
	f := sevens(24)
	f.SetHeader(1, aoe.FlagResponse, aoe.CommandReserve)
	sameBytes(t, f, "777777777777 777777777777 88a2 18 00 7777 77 03 77777777")
	f.SetDst(aoe.MAC{1, 2, 3, 4, 5, 6})
	f.SetSrc(aoe.MAC{7, 8, 9, 10, 11, 12})
	f.SetTarget(0x0102, 3)
	f.SetTag(0x11223344)
	sameBytes(t, f, "010203040506 0708090a0b0c 88a2 18 00 0102 03 03 11223344")
	f.Fail(aoe.ErrReserved)
	sameBytes(t, f, "010203040506 0708090a0b0c 88a2 1c 06 0102 03 03 11223344")
	f[14] = 0x21
	f.Set(aoe.FlagResponse)
	sameBytes(t, f, "010203040506 0708090a0b0c 88a2 29 06 0102 03 03 11223344")
}

// TestATA reads and writes the fields of section 2.
func TestATA(t *testing.T) {
	f := append(sevens(24), unhex(t, "41 50 02 34 010203040506 0000")...)
	same(t, "flags", f.ATAFlags(), aoe.ATAExtended|aoe.ATAWrite)
	same(t, "error", f.ATAError(), 0x50)
	same(t, "count", f.ATACount(), 2)
	same(t, "command", f.ATACommand(), 0x34)
	same(t, "status", f.ATAStatus(), 0x34)
	same(t, "LBA", f.ATALBA(), 0x060504030201)
	f = sevens(38)
	f.SetATARequest(aoe.ATAExtended|aoe.ATADevice|aoe.ATAAsync, 0x24, 17, 0xfedcba987654)
	sameBytes(t, f[24:], "52 00 11 24 547698badcfe 0000 7777")
	f.SetATAResult(0x41, 0x10, 5)
	sameBytes(t, f[24:], "52 10 05 41 547698badcfe 0000 7777")
}

// TestConfig reads and writes the fields of section 4.
func TestConfig(t *testing.T) {
	f := append(sevens(24), unhex(t, "0110 4019 11 f3 0003 616263 64")...)
	same(t, "buffers", f.ConfigBuffers(), 0x0110)
	same(t, "firmware", f.ConfigFirmware(), 0x4019)
	same(t, "sectors", f.ConfigSectors(), 17)
	same(t, "subcommand", f.ConfigOp(), aoe.ConfigSet)
	same(t, "length", f.ConfigLength(), 3)
	s, ok := f.ConfigString()
	same(t, "the string's end", ok, true)
	same(t, "string", string(s), "abc")
	f = sevens(40)
	same(t, "length of the request", f.SetConfigRequest(aoe.ConfigPrefix, []byte("xyz")), 35)
	sameBytes(t, f[24:], "0000 0000 00 12 0003 78797a 7777777777")
	same(t, "length of the reply", f.SetConfigReply(0x0203, 9, []byte("ab")), 34)
	sameBytes(t, f[24:], "0203 4019 09 12 0002 61627a 7777777777")
}

// TestConfigStringBounds checks which lengths a frame is believed to hold.
func TestConfigStringBounds(t *testing.T) {
	for _, c := range []struct {
		frame, length int
		ok            bool
	}{
		{32, 0, true}, {32, 1, false}, {60, 28, true}, {60, 29, false},
		{2000, 1024, true}, {2000, 1025, false}, {1055, 1024, false}, {2000, 0xffff, false},
	} {
		f := make(aoe.Frame, c.frame)
		f[30], f[31] = byte(c.length>>8), byte(c.length)
		s, ok := f.ConfigString()
		if ok != c.ok || ok && len(s) != c.length {
			t.Errorf("length %d in a frame of %d: got %d bytes, %v; want %v", c.length, c.frame, len(s), ok, c.ok)
		}
	}
}

// TestMask reads and writes the fields of section 5.
func TestMask(t *testing.T) {
	f := append(sevens(24), unhex(t, "77 01 03 02 00 01 010203040506 00 02 0708090a0b0c")...)
	same(t, "subcommand", f.MaskOp(), aoe.MaskEdit)
	same(t, "MError", f.MaskError(), aoe.MaskErrFull)
	same(t, "count", f.MaskCount(), 2)
	same(t, "room", f.HoldsDirectives(), true)
	same(t, "room", f[:len(f)-1].HoldsDirectives(), false)
	op, m := f.Directive(1)
	same(t, "directive", op, aoe.DirectiveDelete)
	same(t, "MAC", m, aoe.MAC{7, 8, 9, 10, 11, 12})
	f = sevens(44)
	same(t, "length of the request", f.SetMaskRequest(aoe.MaskEdit, 2), 44)
	f.SetDirective(1, aoe.DirectiveAdd, aoe.MAC{1, 2, 3, 4, 5, 6})
	sameBytes(t, f[24:], "00 01 00 02 7777777777777777 00 01 010203040506")
	f.SetMaskResult(aoe.MaskErrDirective, 1)
	sameBytes(t, f[24:], "00 01 02 01 7777777777777777 00 01 010203040506")
}

// TestReserve reads and writes the fields of section 6.
func TestReserve(t *testing.T) {
	f := append(sevens(24), unhex(t, "02 02 010203040506 0708090a0b0c")...)
	same(t, "subcommand", f.ReserveOp(), aoe.ReserveForceSet)
	same(t, "count", f.ReserveCount(), 2)
	same(t, "room", f.HoldsReservation(), true)
	same(t, "room", f[:len(f)-1].HoldsReservation(), false)
	same(t, "MAC", f.ReserveMAC(1), aoe.MAC{7, 8, 9, 10, 11, 12})
	f = sevens(40)
	list := []aoe.MAC{{1, 2, 3, 4, 5, 6}, {7, 8, 9, 10, 11, 12}}
	same(t, "length of the request", f.SetReserveRequest(aoe.ReserveSet, list), 38)
	sameBytes(t, f[24:], "01 02 010203040506 0708090a0b0c 7777")
	same(t, "length of the reply", f.SetReserveReply(list[1:]), 32)
	sameBytes(t, f[24:], "01 01 0708090a0b0c 0708090a0b0c 7777")
}
