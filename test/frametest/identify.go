// SPDX-License-Identifier: GPL-2.0-only

package frametest

import "slices"

// Identity is the IDENTIFY data of the table's exports (section 3): 256 words,
// the low byte of each first, the two characters of each word of a string
// swapped.
var Identity = slices.Concat(
	zeros(20),                      // words 0 to 9
	[]byte("62.5:4rfmatese t    "), // 10: the serial, 265.4:frametest
	zeros(6),                       // 20
	[]byte("2V 5    "),             // 23: the firmware, V25
	[]byte("oCardiE htrerDvi ebvaled                "), // 27: the model
	x("0080"),         // 47
	x("0000"),         // 48
	x("0002"),         // 49
	x("0040"),         // 50
	zeros(18),         // 51
	x("40000000"),     // 60: 64 sectors
	zeros(42),         // 62
	x("0074"),         // 83: 0x5400 and bit 13, FLUSH CACHE EXT (difference 2)
	x("0040"),         // 84
	x("0000"),         // 85
	x("0034"),         // 86: 0x1400 and bit 13
	x("0040"),         // 87
	zeros(10),         // 88
	x("0b40"),         // 93
	zeros(12),         // 94
	x("400000000000"), // 100: 64 sectors
	zeros(306),        // 103
)

// identifyCases are IDENTIFY (0xEC).
func identifyCases() []Case {
	cases := []Case{
		{
			Name:    "IDENTIFY",
			Request: request("00", "00 77 01 ec 112233445566 7788"),
			Reply:   reply("00", "00 00 00 40 112233445566 7788", Identity),
		},
		{
			Name:    "IDENTIFY with W set: the first 60 bytes",
			Request: request("00", "01 00 01 ec 000000000000 0000"),
			Reply:   reply("00", "01 00 00 40 000000000000 0000", Identity[:24]),
		},
		{
			Name:    "IDENTIFY in a frame full of other data",
			Request: request("00", "00 00 01 ec 000000000000 0000", filler(1464)),
			Reply:   reply("00", "00 00 00 40 000000000000 0000", Identity),
		},
		{
			Name:    "IDENTIFY of a read-only export",
			Export:  Export{ReadOnly: true},
			Request: request("00", "00 00 01 ec 000000000000 0000"),
			Reply:   reply("00", "00 00 00 40 000000000000 0000", Identity),
		},
		{
			Name:    "IDENTIFY where the MTU carries one sector",
			Export:  Export{MTU: 548},
			Request: request("00", "00 00 01 ec 000000000000 0000"),
			Reply:   reply("00", "00 00 00 40 000000000000 0000", Identity),
		},
		{
			Name:    "IDENTIFY where the MTU carries none, as the C program counts",
			Export:  Export{MTU: 547},
			Request: request("00", "00 77 01 ec 000000000000 0000", filler(24)),
			Reply:   refusal("02", "00", "00 77 01 ec 000000000000 0000", filler(24)),
		},
	}
	for _, count := range []string{"00", "02", "ff"} {
		cases = append(cases, Case{
			Name:    "IDENTIFY with count 0x" + count,
			Request: request("00", "00 77 "+count+" ec 000000000000 0000", filler(40)),
			Reply:   refusal("02", "00", "00 77 "+count+" ec 000000000000 0000", filler(24)),
		})
	}
	return cases
}
