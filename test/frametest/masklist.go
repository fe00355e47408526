// SPDX-License-Identifier: GPL-2.0-only

package frametest

import (
	"slices"

	"vblade/internal/aoe"
)

// mostMasks is how many masks a list holds (difference 6).
const mostMasks = 128

// addresses returns macs as a list.
func addresses(macs ...aoe.MAC) []aoe.MAC { return macs }

// directives are directives with the same command about macs; command 0 makes
// them the masks of a reply.
func directives(command byte, macs []aoe.MAC) []byte {
	var b []byte
	for _, m := range macs {
		b = append(append(b, 0, command), m[:]...)
	}
	return b
}

// fullList returns as many masks as a list holds, Initiator's and Friend's
// among them.
func fullList() []aoe.MAC {
	return append(addresses(Initiator, Friend), stations(mostMasks-2)...)
}

// maskLists are lists with as many masks as they hold.
func maskLists() []Case {
	all := fullList()
	full := Export{Masks: all}
	return []Case{
		{
			Name:    "mask read of 128 masks",
			Export:  full,
			Request: request("02", maskRead),
			Reply:   reply("02", "00 00 00 80", directives(0, all)),
		},
		{
			Name:    "mask edit adds 128 masks at once",
			Request: request("02", "00 01 00 80", directives(1, all)),
			Reply:   reply("02", "00 01 00 80", directives(0, all)),
		},
		{
			Name:    "mask edit adds one to 128",
			Export:  full,
			Request: request("02", "00 01 00 01"+addStranger),
			Reply:   reply("02", "00 01 03 00"),
		},
		{
			Name:    "mask edit fills the list and adds one more",
			Export:  Export{Masks: all[:127]},
			Request: request("02", "00 01 00 03", directives(1, all[126:]), x(addStranger)),
			Reply:   reply("02", "00 01 03 02"),
		},
		{
			Name:    "mask edit of a list that became full: what came before is applied",
			Export:  Export{Masks: all[:127]},
			Before:  sent(request("02", "00 01 00 03", directives(1, all[127:]), x(addStranger), x(delFriend))),
			Request: request("02", maskRead),
			Reply:   reply("02", "00 00 00 80", directives(0, all)),
		},
		{
			Name:    "mask edit adds what is in a full list",
			Export:  full,
			Request: request("02", "00 01 00 01"+addFriend),
			Reply:   reply("02", "00 01 00 80", directives(0, all)),
		},
		{
			Name:    "mask edit makes room in a full list, then adds",
			Export:  full,
			Request: request("02", "00 01 00 02", directives(2, all[64:65]), x(addStranger)),
			Reply: reply("02", "00 01 00 80",
				directives(0, slices.Concat(all[:64], all[65:], addresses(Stranger)))),
		},
	}
}

// maskedOut are frames from a station that the masks leave out: not one is
// answered, nor changes anything (section 1).
func maskedOut() []Case {
	var cases []Case
	for _, c := range []struct {
		name  string
		frame []byte
	}{
		{"READ", request("00", "00 00 01 20 050000000000 0000")},
		{"WRITE", request("00", "01 00 02 30 050000000000 0000", fresh(2))},
		{"IDENTIFY", request("00", "00 00 01 ec 000000000000 0000")},
		{"config read", request("01", configRead)},
		{"config set", request("01", "0000 0000 00 13 0003", []byte("abc"))},
		{"mask read", request("02", maskRead)},
		{"mask edit", request("02", "00 01 00 01"+addStranger)},
		{"reserve read", request("03", "00 00")},
		{"reserve force set", request("03", "02 01", list(Stranger))},
		{"unknown command", request("04", "")},
	} {
		cases = append(cases, Case{
			Name:    c.name + " from a station without a mask",
			Export:  both,
			Request: from(Stranger, c.frame),
		}, Case{
			Name:    c.name + " from a station whose mask was deleted",
			Export:  Export{Masks: addresses(Initiator, Friend, Stranger)},
			Before:  sent(request("02", "00 01 00 01"+delStranger)),
			Request: from(Stranger, c.frame),
		})
	}
	return cases
}

// stranger is the step in which a frame comes from Stranger.
func stranger(f []byte) []Step { return sent(from(Stranger, f)) }

// maskedEffects are what such frames leave behind, nothing, and whom an edit
// lets in or shuts out.
var maskedEffects = []Case{
	{
		Name:    "WRITE from a station without a mask writes nothing",
		Export:  both,
		Before:  stranger(request("00", "01 00 02 30 050000000000 0000", fresh(2))),
		Request: readBack,
		Reply:   kept,
	},
	{
		Name:    "config set from a station without a mask sets nothing",
		Export:  both,
		Before:  stranger(request("01", "0000 0000 00 13 0003", []byte("abc"))),
		Request: request("01", configRead),
		Reply:   reply("01", configNone),
	},
	{
		Name:    "mask edit from a station without a mask edits nothing",
		Export:  both,
		Before:  stranger(request("02", "00 01 00 01"+addStranger)),
		Request: request("02", maskRead),
		Reply:   reply("02", "00 00 00 02", directives(0, both.Masks)),
	},
	{
		Name:    "reserve from a station without a mask reserves nothing",
		Export:  both,
		Before:  stranger(request("03", "02 01", list(Stranger))),
		Request: request("03", "00 00"),
		Reply:   reply("03", "00 00"),
	},
	{
		Name:    "a station whose mask was added is served",
		Export:  both,
		Before:  sent(request("02", "00 01 00 01"+addStranger)),
		Request: from(Stranger, request("00", "00 00 01 20 050000000000 0000")),
		Reply:   to(Stranger, reply("00", "00 00 00 40 050000000000 0000", Content(5, 1))),
	},
	{
		Name:    "a station that deleted its own mask",
		Export:  both,
		Before:  sent(request("02", "00 01 00 01"+delInitiator)),
		Request: request("01", configRead),
	},
	{
		Name:    "the second of two masks",
		Export:  both,
		Request: from(Friend, request("01", configRead)),
		Reply:   to(Friend, reply("01", configNone)),
	},
}
