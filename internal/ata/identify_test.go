// SPDX-License-Identifier: GPL-2.0-only

package ata_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"vblade/internal/ata"
	"vblade/test/frametest"
)

// sized is a Store of any size that is not there.
type sized struct {
	*frametest.Store
	sectors int64
}

// Size returns the number of bytes.
func (s sized) Size() int64 { return s.sectors * ata.SectorSize }

// identify returns the IDENTIFY data of a disk, written over other bytes: what
// Start knows, which the Work, where nothing has changed, leaves as it is.
func identify(t *testing.T, sectors int64, id ata.Identity) []byte {
	t.Helper()
	d := ata.NewDisk(sized{frametest.Export{}.NewStore(), sectors}, id)
	data := bytes.Repeat([]byte{0x77}, 2*ata.SectorSize)
	w, _, err := d.Start(ata.Command{Opcode: 0xec, Count: 1}, data, 0, 2)
	if err != nil || w.Op != ata.OpIdentify {
		t.Fatalf("IDENTIFY: work %v, %v", w.Op, err)
	}
	known := bytes.Clone(data)
	if n, err := d.Do(w.Op, w.LBA, [][]byte{w.Data}); n != 1 || err != nil || !bytes.Equal(data, known) {
		t.Errorf("IDENTIFY: %d, %v; the same data is %v", n, err, bytes.Equal(data, known))
	}
	if data[ata.SectorSize] != 0x77 {
		t.Error("IDENTIFY writes more than a sector")
	}
	return data[:ata.SectorSize]
}

// TestIdentifyWords compares the IDENTIFY data with words written by hand, their
// low byte first (section 3; differences 2).
func TestIdentifyWords(t *testing.T) {
	got := identify(t, 0x0000_0123_4567_89ab, ata.Identity{
		Serial: "9.0:makki", Firmware: "V25", Model: "Coraid EtherDrive vblade",
	})
	want := make([]byte, ata.SectorSize)
	for word, text := range map[int]string{
		10: ".9:0amkk i          ",                     // 9.0:makki
		23: "2V 5    ",                                 // V25
		27: "oCardiE htrerDvi ebvaled                ", // Coraid EtherDrive vblade
	} {
		copy(want[2*word:], text)
	}
	for word, bytes := range map[int]string{
		47: "0080", 49: "0002", 50: "0040", 60: "ffffff0f",
		83: "0074", 84: "0040", 86: "0034", 87: "0040", 93: "0b40",
		100: "ab8967452301", 103: "0000",
	} {
		b, err := hex.DecodeString(bytes)
		noError(t, err)
		copy(want[2*word:], b)
	}
	for i := 0; i < len(want); i += 2 {
		if got[i] != want[i] || got[i+1] != want[i+1] {
			t.Errorf("word %d is % x; want % x", i/2, got[i:i+2], want[i:i+2])
		}
	}
}

// TestIdentifyMemory checks that the table of frames and this package agree.
func TestIdentifyMemory(t *testing.T) {
	got := identify(t, frametest.Sectors, ata.Identity{
		Serial: fmt.Sprintf("%d.%d:%s", frametest.Shelf, frametest.Slot, frametest.Hostname), Firmware: "V25", Model: "Coraid EtherDrive vblade",
	})
	if !bytes.Equal(got, frametest.Identity) {
		t.Errorf("the data is\n%swant\n%s", hex.Dump(got), hex.Dump(frametest.Identity))
	}
}

// TestIdentifySizes checks the two sizes around the largest that 28 bits can tell.
func TestIdentifySizes(t *testing.T) {
	for _, c := range []struct {
		sectors    int64
		in28, in48 string
	}{
		{1, "01000000", "010000000000"},
		{8388610, "02008000", "020080000000"},
		{1<<28 - 2, "feffff0f", "feffff0f0000"},
		{1<<28 - 1, "ffffff0f", "ffffff0f0000"},
		{1 << 28, "ffffff0f", "000000100000"},
		{1<<32 + 5, "ffffff0f", "050000000100"},
		{1<<48 - 1, "ffffff0f", "ffffffffffff"},
	} {
		got := identify(t, c.sectors, ata.Identity{})
		if in28 := hex.EncodeToString(got[120:124]); in28 != c.in28 {
			t.Errorf("%d sectors: words 60 and 61 are %s; want %s", c.sectors, in28, c.in28)
		}
		if in48 := hex.EncodeToString(got[200:206]); in48 != c.in48 {
			t.Errorf("%d sectors: words 100 to 102 are %s; want %s", c.sectors, in48, c.in48)
		}
	}
}

// TestIdentifyStrings checks that strings are swapped by two, padded, and cut to
// their field.
func TestIdentifyStrings(t *testing.T) {
	long := strings.Repeat("abcdefghij", 5)
	for _, c := range []struct {
		id                      ata.Identity
		serial, firmware, model string
	}{
		{ata.Identity{}, strings.Repeat(" ", 20), strings.Repeat(" ", 8), strings.Repeat(" ", 40)},
		{ata.Identity{Serial: "a", Firmware: "b", Model: "c"}, " a" + strings.Repeat(" ", 18), " b" + strings.Repeat(" ", 6), " c" + strings.Repeat(" ", 38)},
		{ata.Identity{Serial: long, Firmware: long, Model: long}, "badcfehgjibadcfehgji", "badcfehg", "badcfehgjibadcfehgjibadcfehgjibadcfehgji"},
	} {
		got := identify(t, 1, c.id)
		if s := string(got[20:40]); s != c.serial {
			t.Errorf("serial %q; want %q", s, c.serial)
		}
		if s := string(got[46:54]); s != c.firmware {
			t.Errorf("firmware %q; want %q", s, c.firmware)
		}
		if s := string(got[54:94]); s != c.model {
			t.Errorf("model %q; want %q", s, c.model)
		}
	}
}
