// SPDX-License-Identifier: GPL-2.0-only

package frametest

import (
	"fmt"
	"strings"
)

// powerCases are CHECK POWER MODE (0xE5), whose count is no number of sectors
// (difference 8).
var powerCases = []Case{
	{
		Name:    "CHECK POWER MODE with count 0",
		Request: request("00", "00 77 00 e5 112233445566 7788", filler(24)),
		Reply:   reply("00", "00 00 ff 40 112233445566 7788", filler(24)),
	},
	{
		Name:    "CHECK POWER MODE with count 1",
		Request: request("00", "00 77 01 e5 000000000000 0000"),
		Reply:   reply("00", "00 00 ff 40 000000000000 0000"),
	},
	{
		Name:    "CHECK POWER MODE with count 254",
		Request: request("00", "00 77 fe e5 000000000000 0000"),
		Reply:   reply("00", "00 00 ff 40 000000000000 0000"),
	},
	{
		Name:    "CHECK POWER MODE with count 255",
		Request: request("00", "00 77 ff e5 000000000000 0000", filler(24)),
		Reply:   reply("00", "00 00 ff 40 000000000000 0000"),
	},
	{
		Name:    "CHECK POWER MODE with count 1 and W set",
		Request: request("00", "01 77 01 e5 000000000000 0000", filler(24)),
		Reply:   reply("00", "01 00 ff 40 000000000000 0000", filler(24)),
	},
}

// flushCases are FLUSH CACHE (0xE7) and FLUSH CACHE EXT (0xEA) (differences 1
// and 2).
var flushCases = []Case{
	{
		Name:    "FLUSH CACHE",
		Request: request("00", "00 77 00 e7 112233445566 7788", filler(24)),
		Reply:   reply("00", "00 00 00 40 112233445566 7788", filler(24)),
	},
	{
		Name:    "FLUSH CACHE EXT",
		Request: request("00", "40 77 00 ea 000000000000 0000", filler(24)),
		Reply:   reply("00", "40 00 00 40 000000000000 0000", filler(24)),
	},
	{
		Name:    "FLUSH CACHE EXT with W set, as Linux sends what has no data",
		Request: request("00", "41 77 00 ea 000000000000 0000"),
		Reply:   reply("00", "41 00 00 40 000000000000 0000"),
	},
	{
		Name:    "FLUSH CACHE of a read-only export",
		Export:  Export{ReadOnly: true},
		Request: request("00", "00 77 00 e7 000000000000 0000"),
		Reply:   reply("00", "00 00 00 40 000000000000 0000"),
	},
	{
		Name:    "FLUSH CACHE that fails",
		Export:  Export{BadFlush: true},
		Request: request("00", "00 77 00 e7 000000000000 0000", filler(24)),
		Reply:   reply("00", "00 04 00 41 000000000000 0000", filler(24)),
	},
	{
		Name:    "FLUSH CACHE EXT that fails",
		Export:  Export{BadFlush: true},
		Request: request("00", "40 77 00 ea 000000000000 0000", filler(24)),
		Reply:   reply("00", "40 04 00 41 000000000000 0000", filler(24)),
	},
	{
		Name:    "FLUSH CACHE at the smallest MTU",
		Export:  Export{MTU: 68},
		Request: request("00", "00 00 00 e7 000000000000 0000"),
		Reply:   reply("00", "00 00 00 40 000000000000 0000"),
	},
}

// unknownOpcodes are the ATA commands that the target does not have.
func unknownOpcodes() []Case {
	const served = "20 24 30 34 e5 e7 ea ec"
	var cases []Case
	for op := range 256 {
		opcode := fmt.Sprintf("%02x", op)
		if strings.Contains(served, opcode) {
			continue
		}
		cases = append(cases, Case{
			Name:    "unknown ATA command 0x" + opcode,
			Request: request("00", "00 77 02 "+opcode+" 112233445566 7788", filler(24)),
			Reply:   reply("00", "00 04 02 41 112233445566 7788"),
		})
	}
	return append(cases, Case{
		Name:    "unknown ATA command with count 0",
		Request: request("00", "00 77 00 ef 000000000000 0000", filler(24)),
		Reply:   reply("00", "00 04 00 41 000000000000 0000", filler(24)),
	}, Case{
		Name:    "unknown ATA command with count 255 and W set",
		Request: request("00", "01 77 ff ef 000000000000 0000", filler(24)),
		Reply:   reply("00", "01 04 ff 41 000000000000 0000", filler(24)),
	})
}

// reservedCases are ATA commands to a target that Friend has reserved.
func reservedCases() []Case {
	byFriend := sent(from(Friend, request("03", "01 01", list(Friend))))
	cases := []Case{
		{
			Name:    "IDENTIFY of a target that another has reserved",
			Before:  byFriend,
			Request: request("00", "00 00 01 ec 000000000000 0000"),
			Reply:   reply("00", "00 00 00 40 000000000000 0000", Identity),
		},
		{
			Name:    "IDENTIFY with a bad count of a target that another has reserved",
			Before:  byFriend,
			Request: request("00", "00 77 02 ec 000000000000 0000"),
			Reply:   refusal("02", "00", "00 77 02 ec 000000000000 0000"),
		},
		{
			Name:    "READ by the one that has reserved the target",
			Before:  byFriend,
			Request: from(Friend, request("00", "00 00 01 20 050000000000 0000")),
			Reply:   to(Friend, reply("00", "00 00 00 40 050000000000 0000", Content(5, 1))),
		},
		{
			Name:    "READ after a refused WRITE: nothing was written",
			Before:  then(byFriend, sent(request("00", "01 00 02 30 050000000000 0000", fresh(2)))),
			Request: from(Friend, readBack),
			Reply:   to(Friend, kept),
		},
	}
	for _, body := range []string{
		"00 77 01 20 050000000000 0000", // READ
		"40 77 ff 24 ffffffffffff 0000", // READ EXT, too much and behind the end
		"01 77 01 30 050000000000 0000", // WRITE
		"41 77 01 34 050000000000 0000", // WRITE EXT
		"00 77 00 e5 000000000000 0000", // CHECK POWER MODE
		"00 77 00 e7 000000000000 0000", // FLUSH CACHE
		"40 77 00 ea 000000000000 0000", // FLUSH CACHE EXT
		"00 77 00 ef 000000000000 0000", // unknown
	} {
		cases = append(cases, Case{
			Name:    "ATA command 0x" + body[9:11] + " to a target that another has reserved",
			Before:  byFriend,
			Request: request("00", body, fresh(1)),
			Reply:   refusal("06", "00", body, fresh(1)[:24]),
		})
	}
	return cases
}
