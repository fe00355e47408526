// SPDX-License-Identifier: GPL-2.0-only

package frametest

import "fmt"

// sectorSize is the size of a sector in bytes.
const sectorSize = 512

// The bodies of ATA frames in this package (section 2), in columns:
//
//	flags, feature or error, count, command or status, LBA (low byte first), reserved

// readCases are READ (0x20) and READ EXT (0x24).
var readCases = []Case{
	{
		Name:    "READ of a sector",
		Request: request("00", "00 00 01 20 050000000000 0000"),
		Reply:   reply("00", "00 00 00 40 050000000000 0000", Content(5, 1)),
	},
	{
		Name:    "READ of two sectors, as many as MTU 1500 carries",
		Request: request("00", "00 00 02 20 050000000000 0000"),
		Reply:   reply("00", "00 00 00 40 050000000000 0000", Content(5, 2)),
	},
	{
		Name:    "READ EXT of two sectors",
		Request: request("00", "40 00 02 24 050000000000 0000"),
		Reply:   reply("00", "40 00 00 40 050000000000 0000", Content(5, 2)),
	},
	{
		Name:    "READ in a frame of 60 bytes: the data overwrites them",
		Request: request("00", "40 00 01 24 000000000000 0000", filler(24)),
		Reply:   reply("00", "40 00 00 40 000000000000 0000", Content(0, 1)),
	},
	{
		Name:    "READ in a frame longer than the reply",
		Request: request("00", "40 00 01 24 000000000000 0000", filler(1400)),
		Reply:   reply("00", "40 00 00 40 000000000000 0000", Content(0, 1)),
	},
	{
		Name:    "READ: every flag and the reserved bytes come back, the feature does not",
		Request: request("00", "fe 77 01 24 050000000000 7788"),
		Reply:   reply("00", "fe 00 00 40 050000000000 7788", Content(5, 1)),
	},
	{
		Name:    "READ of the last sectors",
		Request: request("00", "40 00 02 24 3e0000000000 0000"),
		Reply:   reply("00", "40 00 00 40 3e0000000000 0000", Content(62, 2)),
	},
	{
		Name:    "READ one sector past the end",
		Request: request("00", "40 77 02 24 3f0000000000 0000", filler(24)),
		Reply:   reply("00", "40 10 02 41 3f0000000000 0000"),
	},
	{
		Name:    "READ behind the end",
		Request: request("00", "00 00 01 20 400000000000 0000"),
		Reply:   reply("00", "00 10 01 41 400000000000 0000"),
	},
	{
		Name:    "READ sees only 28 bits of the LBA and returns all of it",
		Request: request("00", "00 00 01 20 050000f0ffff 0000"),
		Reply:   reply("00", "00 00 00 40 050000f0ffff 0000", Content(5, 1)),
	},
	{
		Name:    "READ with all 28 bits of the LBA set",
		Request: request("00", "00 00 01 20 ffffff0f0000 0000"),
		Reply:   reply("00", "00 10 01 41 ffffff0f0000 0000"),
	},
	{
		Name:    "READ EXT sees bit 28 of the LBA",
		Request: request("00", "40 00 01 24 050000100000 0000"),
		Reply:   reply("00", "40 10 01 41 050000100000 0000"),
	},
	{
		Name:    "READ EXT with all 48 bits of the LBA set",
		Request: request("00", "40 00 01 24 ffffffffffff 0000"),
		Reply:   reply("00", "40 10 01 41 ffffffffffff 0000"),
	},
	{
		Name:    "READ EXT of no sector at LBA 2^48-1",
		Request: request("00", "40 00 00 24 ffffffffffff 0000", filler(24)),
		Reply:   reply("00", "40 10 00 41 ffffffffffff 0000", filler(24)),
	},
	{
		Name:    "READ of no sectors returns the first 60 bytes",
		Request: request("00", "00 77 00 20 050000000000 0000", filler(64)),
		Reply:   reply("00", "00 00 00 40 050000000000 0000", filler(24)),
	},
	{
		Name:    "READ of no sectors right at the end",
		Request: request("00", "40 00 00 24 400000000000 0000", filler(24)),
		Reply:   reply("00", "40 00 00 40 400000000000 0000", filler(24)),
	},
	{
		Name:    "READ of no sectors behind the end",
		Request: request("00", "40 00 00 24 410000000000 0000", filler(24)),
		Reply:   reply("00", "40 10 00 41 410000000000 0000", filler(24)),
	},
	{
		Name:    "READ of three sectors at MTU 1500",
		Request: request("00", "00 77 03 20 050000000000 0000", filler(24)),
		Reply:   refusal("02", "00", "00 77 03 20 050000000000 0000", filler(24)),
	},
	{
		Name:    "READ of 255 sectors at MTU 1500, far behind the end",
		Request: request("00", "40 77 ff 24 ffffffffffff 0000"),
		Reply:   refusal("02", "00", "40 77 ff 24 ffffffffffff 0000"),
	},
	{
		Name:    "READ with W set: it reads, and the reply has 60 bytes",
		Request: request("00", "01 00 02 20 050000000000 0000", fresh(2)),
		Reply:   reply("00", "01 00 00 40 050000000000 0000", Content(5, 1)[:24]),
	},
	{
		Name:    "READ after a READ with W set: nothing was written",
		Before:  sent(request("00", "01 00 02 20 050000000000 0000", fresh(2))),
		Request: request("00", "00 00 02 20 050000000000 0000"),
		Reply:   reply("00", "00 00 00 40 050000000000 0000", Content(5, 2)),
	},
	{
		Name:    "READ of a read-only export",
		Export:  Export{ReadOnly: true},
		Request: request("00", "00 00 02 20 050000000000 0000"),
		Reply:   reply("00", "00 00 00 40 050000000000 0000", Content(5, 2)),
	},
}

// wideReads are reads at other MTUs than the usual one: as many sectors as fit,
// and one more.
func wideReads() []Case {
	var cases []Case
	for _, m := range []struct{ mtu, fit int }{
		{300, 0}, {547, 0}, {548, 1}, {1059, 1}, {1060, 2}, {1500, 2}, {8739, 16}, {8740, 17}, {9000, 17}, {9251, 17}, {9252, 18},
	} {
		at := fmt.Sprintf(" at MTU %d", m.mtu)
		body := func(error, count, status int) string {
			return fmt.Sprintf("40 %02x %02x %02x 070000000000 0000", error, count, status)
		}
		if m.fit > 0 {
			cases = append(cases, Case{
				Name:    fmt.Sprintf("READ EXT of %d sectors", m.fit) + at,
				Export:  Export{MTU: m.mtu},
				Request: request("00", body(0, m.fit, 0x24)),
				Reply:   reply("00", body(0, 0, 0x40), Content(7, m.fit)),
			})
		}
		cases = append(cases, Case{
			Name:    fmt.Sprintf("READ EXT of %d sectors", m.fit+1) + at,
			Export:  Export{MTU: m.mtu},
			Request: request("00", body(0x77, m.fit+1, 0x24)),
			Reply:   refusal("02", "00", body(0x77, m.fit+1, 0x24)),
		}, Case{
			Name:    "config read" + at,
			Export:  Export{MTU: m.mtu},
			Request: request("01", configRead),
			Reply:   reply("01", fmt.Sprintf("0110 4019 %02x 10 0000", m.fit)),
		})
	}
	return cases
}
