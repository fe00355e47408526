// SPDX-License-Identifier: GPL-2.0-only

package frametest

// readBack asks for sectors 5 and 6, which the writes below write or not.
var readBack = request("00", "00 00 02 20 050000000000 0000")

// kept is the reply to readBack where nothing was written.
var kept = reply("00", "00 00 00 40 050000000000 0000", Content(5, 2))

// writeCases are WRITE (0x30) and WRITE EXT (0x34).
var writeCases = []Case{
	{
		Name:    "WRITE of a sector",
		Request: request("00", "01 77 01 30 050000000000 7788", fresh(1)),
		Reply:   reply("00", "01 00 00 40 050000000000 7788", fresh(1)[:24]),
	},
	{
		Name:    "WRITE of a sector is read back, its neighbour is what it was",
		Before:  sent(request("00", "01 00 01 30 050000000000 0000", fresh(1))),
		Request: readBack,
		Reply:   reply("00", "00 00 00 40 050000000000 0000", fresh(1), Content(6, 1)),
	},
	{
		Name:    "WRITE EXT of two sectors",
		Request: request("00", "41 00 02 34 050000000000 0000", fresh(2)),
		Reply:   reply("00", "41 00 00 40 050000000000 0000", fresh(1)[:24]),
	},
	{
		Name:    "WRITE EXT of two sectors is read back",
		Before:  sent(request("00", "41 00 02 34 050000000000 0000", fresh(2))),
		Request: readBack,
		Reply:   reply("00", "00 00 00 40 050000000000 0000", fresh(2)),
	},
	{
		Name:    "WRITE EXT of 17 sectors at MTU 9000",
		Export:  Export{MTU: 9000},
		Request: request("00", "41 00 11 34 070000000000 0000", fresh(17)),
		Reply:   reply("00", "41 00 00 40 070000000000 0000", fresh(1)[:24]),
	},
	{
		Name:    "WRITE EXT of 17 sectors at MTU 9000 is read back",
		Export:  Export{MTU: 9000},
		Before:  sent(request("00", "41 00 11 34 070000000000 0000", fresh(17))),
		Request: request("00", "40 00 11 24 070000000000 0000"),
		Reply:   reply("00", "40 00 00 40 070000000000 0000", fresh(17)),
	},
	{
		Name:    "WRITE with W clear: it writes, and its data comes back",
		Request: request("00", "00 00 02 30 050000000000 0000", fresh(2)),
		Reply:   reply("00", "00 00 00 40 050000000000 0000", fresh(2)),
	},
	{
		Name:    "WRITE with W clear is read back",
		Before:  sent(request("00", "00 00 02 30 050000000000 0000", fresh(2))),
		Request: readBack,
		Reply:   reply("00", "00 00 00 40 050000000000 0000", fresh(2)),
	},
	{
		Name:    "WRITE of the last sectors",
		Request: request("00", "41 00 02 34 3e0000000000 0000", fresh(2)),
		Reply:   reply("00", "41 00 00 40 3e0000000000 0000", fresh(1)[:24]),
	},
	{
		Name:    "WRITE one sector past the end",
		Request: request("00", "41 77 02 34 3f0000000000 0000", fresh(2)),
		Reply:   reply("00", "41 10 02 41 3f0000000000 0000", fresh(1)[:24]),
	},
	{
		Name:    "WRITE one sector past the end, W clear",
		Request: request("00", "40 77 02 34 3f0000000000 0000", fresh(2)),
		Reply:   reply("00", "40 10 02 41 3f0000000000 0000"),
	},
	{
		Name:    "WRITE one sector past the end writes nothing before it either",
		Before:  sent(request("00", "41 00 02 34 3f0000000000 0000", fresh(2))),
		Request: request("00", "40 00 01 24 3f0000000000 0000"),
		Reply:   reply("00", "40 00 00 40 3f0000000000 0000", Content(63, 1)),
	},
	{
		Name:    "WRITE sees only 28 bits of the LBA",
		Before:  sent(request("00", "01 00 02 30 05000050ffff 0000", fresh(2))),
		Request: readBack,
		Reply:   reply("00", "00 00 00 40 050000000000 0000", fresh(2)),
	},
	{
		Name:    "WRITE EXT sees bit 28 of the LBA",
		Request: request("00", "41 00 01 34 050000100000 0000", fresh(1)),
		Reply:   reply("00", "41 10 01 41 050000100000 0000", fresh(1)[:24]),
	},
	{
		Name:    "WRITE of no sectors",
		Request: request("00", "00 77 00 30 050000000000 0000", fresh(1)),
		Reply:   reply("00", "00 00 00 40 050000000000 0000", fresh(1)[:24]),
	},
	{
		Name:    "WRITE of no sectors writes nothing",
		Before:  sent(request("00", "00 00 00 30 050000000000 0000", fresh(1))),
		Request: readBack,
		Reply:   kept,
	},
	{
		Name:    "WRITE of no sectors behind the end",
		Request: request("00", "41 00 00 34 410000000000 0000", filler(24)),
		Reply:   reply("00", "41 10 00 41 410000000000 0000", filler(24)),
	},
	{
		Name:    "WRITE of more sectors than the MTU carries",
		Request: request("00", "01 77 03 30 050000000000 0000", fresh(2)),
		Reply:   refusal("02", "00", "01 77 03 30 050000000000 0000", fresh(1)[:24]),
	},
	{
		Name:    "WRITE of more sectors than the MTU carries writes nothing",
		Before:  sent(request("00", "01 00 03 30 050000000000 0000", fresh(2))),
		Request: readBack,
		Reply:   kept,
	},
	{
		Name:    "WRITE whose data is one byte short",
		Request: request("00", "01 77 02 30 050000000000 0000", fresh(2)[:1023]),
		Reply:   refusal("02", "00", "01 77 02 30 050000000000 0000", fresh(1)[:24]),
	},
	{
		Name:    "WRITE whose data is one byte short, W clear",
		Request: request("00", "00 77 02 30 050000000000 0000", fresh(2)[:1023]),
		Reply:   refusal("02", "00", "00 77 02 30 050000000000 0000", fresh(1)[:24]),
	},
	{
		Name:    "WRITE whose data is one byte short writes nothing",
		Before:  sent(request("00", "01 00 02 30 050000000000 0000", fresh(2)[:1023])),
		Request: readBack,
		Reply:   kept,
	},
	{
		Name:    "WRITE without any data",
		Request: request("00", "01 77 01 30 050000000000 0000"),
		Reply:   refusal("02", "00", "01 77 01 30 050000000000 0000"),
	},
	{
		Name:    "WRITE without data behind the end",
		Request: request("00", "01 77 01 30 400000000000 0000"),
		Reply:   reply("00", "01 10 01 41 400000000000 0000"),
	},
	{
		Name:    "WRITE with more data than its count says",
		Before:  sent(request("00", "01 00 01 30 050000000000 0000", fresh(2), filler(100))),
		Request: readBack,
		Reply:   reply("00", "00 00 00 40 050000000000 0000", fresh(1), Content(6, 1)),
	},
	{
		Name:    "WRITE to a read-only export",
		Export:  Export{ReadOnly: true},
		Request: request("00", "01 77 02 30 050000000000 0000", fresh(2)),
		Reply:   reply("00", "01 04 02 41 050000000000 0000", fresh(1)[:24]),
	},
	{
		Name:    "WRITE EXT to a read-only export, W clear",
		Export:  Export{ReadOnly: true},
		Request: request("00", "40 77 01 34 050000000000 0000", fresh(1)),
		Reply:   reply("00", "40 04 01 41 050000000000 0000"),
	},
	{
		Name:    "WRITE to a read-only export writes nothing",
		Export:  Export{ReadOnly: true},
		Before:  sent(request("00", "01 00 02 30 050000000000 0000", fresh(2))),
		Request: readBack,
		Reply:   kept,
	},
	{
		Name:    "WRITE of no sectors to a read-only export",
		Export:  Export{ReadOnly: true},
		Request: request("00", "01 00 00 30 050000000000 0000", filler(24)),
		Reply:   reply("00", "01 00 00 40 050000000000 0000", filler(24)),
	},
	{
		Name:    "WRITE to a read-only export of more sectors than the MTU carries",
		Export:  Export{ReadOnly: true},
		Request: request("00", "01 77 03 30 050000000000 0000"),
		Reply:   refusal("02", "00", "01 77 03 30 050000000000 0000"),
	},
}
