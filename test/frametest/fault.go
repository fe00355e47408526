// SPDX-License-Identifier: GPL-2.0-only

package frametest

// badSector is an export whose sector 11 is bad, wideBad one at MTU 9000.
var (
	badSector = Export{BadSector: 11}
	wideBad   = Export{BadSector: 11, MTU: 9000}
)

// faultCases are reads and writes around a bad sector: those before it are done.
var faultCases = []Case{
	{
		Name:    "READ of a bad sector",
		Export:  badSector,
		Request: request("00", "00 77 02 20 0b0000000000 0000", filler(24)),
		Reply:   reply("00", "00 04 02 41 0b0000000000 0000"),
	},
	{
		Name:    "READ of a good and a bad sector",
		Export:  badSector,
		Request: request("00", "00 00 02 20 0a0000000000 0000"),
		Reply:   reply("00", "00 04 01 41 0a0000000000 0000", Content(10, 1)),
	},
	{
		Name:    "READ of a good and a bad sector with W set",
		Export:  badSector,
		Request: request("00", "01 00 02 20 0a0000000000 0000"),
		Reply:   reply("00", "01 04 01 41 0a0000000000 0000", Content(10, 1)[:24]),
	},
	{
		Name:    "READ EXT of 17 sectors, the fifth bad",
		Export:  wideBad,
		Request: request("00", "40 00 11 24 070000000000 0000"),
		Reply:   reply("00", "40 04 0d 41 070000000000 0000", Content(7, 4)),
	},
	{
		Name:    "READ beside a bad sector",
		Export:  badSector,
		Request: request("00", "00 00 02 20 090000000000 0000"),
		Reply:   reply("00", "00 00 00 40 090000000000 0000", Content(9, 2)),
	},
	{
		Name:    "WRITE of a bad sector",
		Export:  badSector,
		Request: request("00", "01 77 02 30 0b0000000000 0000", fresh(2)),
		Reply:   reply("00", "01 04 02 41 0b0000000000 0000", fresh(1)[:24]),
	},
	{
		Name:    "WRITE of a bad sector, W clear",
		Export:  badSector,
		Request: request("00", "00 77 02 30 0b0000000000 0000", fresh(2)),
		Reply:   reply("00", "00 04 02 41 0b0000000000 0000"),
	},
	{
		Name:    "WRITE of a good and a bad sector",
		Export:  badSector,
		Request: request("00", "01 77 02 30 0a0000000000 0000", fresh(2)),
		Reply:   reply("00", "01 04 01 41 0a0000000000 0000", fresh(1)[:24]),
	},
	{
		Name:    "WRITE EXT of 17 sectors, the fifth bad, W clear",
		Export:  wideBad,
		Request: request("00", "40 00 11 34 070000000000 0000", fresh(17)),
		Reply:   reply("00", "40 04 0d 41 070000000000 0000", fresh(17)[:4*512]),
	},
	{
		Name:    "WRITE of a good and a bad sector writes the good one",
		Export:  badSector,
		Before:  sent(request("00", "01 00 02 30 0a0000000000 0000", fresh(2))),
		Request: request("00", "00 00 01 20 0a0000000000 0000"),
		Reply:   reply("00", "00 00 00 40 0a0000000000 0000", fresh(1)),
	},
	{
		Name:    "READ after a failed one serves on",
		Export:  badSector,
		Before:  sent(request("00", "00 00 02 20 0b0000000000 0000")),
		Request: readBack,
		Reply:   kept,
	},
}
