// SPDX-License-Identifier: GPL-2.0-only

package frametest

// The bodies of mask frames in this file (section 5): reserved, subcommand,
// MError, count; then directives: reserved, command, address.

// Directives about the table's stations.
const (
	addInitiator = " 00 01 020000000202"
	addFriend    = " 00 01 020000000303"
	addStranger  = " 00 01 020000000404"
	delInitiator = " 00 02 020000000202"
	delFriend    = " 00 02 020000000303"
	delStranger  = " 00 02 020000000404"
	maskRead     = "00 00 00 00"
)

// both is an export that serves Initiator and Friend.
var both = Export{Masks: addresses(Initiator, Friend)}

// maskCases are what a mask frame reads and edits.
var maskCases = []Case{
	{
		Name:    "mask read of no masks",
		Request: request("02", maskRead, filler(32)),
		Reply:   reply("02", "00 00 00 00"),
	},
	{
		Name:    "mask read does not look at the request's count and error",
		Export:  both,
		Request: request("02", "77 00 77 ff"),
		Reply:   reply("02", "77 00 00 02 0000 020000000202 0000 020000000303"),
	},
	{
		Name:    "mask read of masks given at start, one of them twice",
		Export:  Export{Masks: addresses(Friend, Initiator, Friend)},
		Request: request("02", maskRead),
		Reply:   reply("02", "00 00 00 02 0000 020000000303 0000 020000000202"),
	},
	{
		Name:    "mask edit adds",
		Request: request("02", "77 01 77 02"+addInitiator+addFriend, filler(16)),
		Reply:   reply("02", "77 01 00 02 0000 020000000202 0000 020000000303"),
	},
	{
		Name:    "mask edit is there afterwards",
		Before:  sent(request("02", "00 01 00 02"+addInitiator+addFriend)),
		Request: request("02", maskRead),
		Reply:   reply("02", "00 00 00 02 0000 020000000202 0000 020000000303"),
	},
	{
		Name:    "mask edit without directives reads",
		Export:  both,
		Request: request("02", "00 01 00 00"+delFriend),
		Reply:   reply("02", "00 01 00 02 0000 020000000202 0000 020000000303"),
	},
	{
		Name:    "mask edit with a no-op",
		Export:  both,
		Request: request("02", "00 01 00 01 00 00 020000000404"),
		Reply:   reply("02", "00 01 00 02 0000 020000000202 0000 020000000303"),
	},
	{
		Name:    "mask edit does not look at a directive's reserved byte",
		Export:  both,
		Request: request("02", "00 01 00 01 77 01 020000000404"),
		Reply:   reply("02", "00 01 00 03 0000 020000000202 0000 020000000303 0000 020000000404"),
	},
	{
		Name:    "mask edit adds what is there",
		Export:  both,
		Request: request("02", "00 01 00 01"+addFriend),
		Reply:   reply("02", "00 01 00 02 0000 020000000202 0000 020000000303"),
	},
	{
		Name:    "mask edit adds the same twice",
		Export:  both,
		Request: request("02", "00 01 00 02"+addStranger+addStranger),
		Reply:   reply("02", "00 01 00 03 0000 020000000202 0000 020000000303 0000 020000000404"),
	},
	{
		Name:    "mask edit deletes the last",
		Export:  Export{Masks: addresses(Initiator, Friend, Stranger)},
		Request: request("02", "00 01 00 01"+delStranger),
		Reply:   reply("02", "00 01 00 02 0000 020000000202 0000 020000000303"),
	},
	{
		Name:    "mask edit deletes one in the middle",
		Export:  Export{Masks: addresses(Initiator, Stranger, Friend)},
		Request: request("02", "00 01 00 01"+delStranger),
		Reply:   reply("02", "00 01 00 02 0000 020000000202 0000 020000000303"),
	},
	{
		Name:    "mask edit deletes the first",
		Export:  Export{Masks: addresses(Stranger, Initiator, Friend)},
		Request: request("02", "00 01 00 01"+delStranger),
		Reply:   reply("02", "00 01 00 02 0000 020000000202 0000 020000000303"),
	},
	{
		Name:    "mask edit deletes what is not there",
		Export:  both,
		Request: request("02", "00 01 00 01"+delStranger),
		Reply:   reply("02", "00 01 00 02 0000 020000000202 0000 020000000303"),
	},
	{
		Name:    "mask edit deletes from an empty list",
		Request: request("02", "00 01 00 01"+delStranger),
		Reply:   reply("02", "00 01 00 00"),
	},
	{
		Name:    "mask edit adds, then deletes",
		Export:  both,
		Request: request("02", "00 01 00 02"+addStranger+delStranger),
		Reply:   reply("02", "00 01 00 02 0000 020000000202 0000 020000000303"),
	},
	{
		Name:    "mask edit deletes, then adds",
		Export:  both,
		Request: request("02", "00 01 00 02"+delInitiator+addInitiator),
		Reply:   reply("02", "00 01 00 02 0000 020000000303 0000 020000000202"),
	},
	{
		Name:    "mask edit deletes all: everybody is served",
		Export:  both,
		Before:  sent(request("02", "00 01 00 02"+delInitiator+delFriend)),
		Request: from(Stranger, request("02", maskRead)),
		Reply:   to(Stranger, reply("02", "00 00 00 00")),
	},
	{
		Name:    "mask edit with an unknown directive",
		Export:  both,
		Request: request("02", "77 01 77 03"+addStranger+" 00 03 020000000505"+delFriend),
		Reply:   reply("02", "77 01 02 01"),
	},
	{
		Name:    "mask edit with an unknown directive: those before it are applied, those behind it not",
		Export:  both,
		Before:  sent(request("02", "00 01 00 03"+addStranger+" 00 03 020000000505"+delFriend)),
		Request: request("02", maskRead),
		Reply:   reply("02", "00 00 00 03 0000 020000000202 0000 020000000303 0000 020000000404"),
	},
	{
		Name:    "mask edit with directive 255 first",
		Request: request("02", "00 01 00 01 00 ff 020000000505"),
		Reply:   reply("02", "00 01 02 00"),
	},
	{
		Name:    "mask edit of the first 2 of 3 directives in the frame",
		Export:  both,
		Request: request("02", "00 01 00 02"+delStranger+addStranger+delFriend),
		Reply:   reply("02", "00 01 00 03 0000 020000000202 0000 020000000303 0000 020000000404"),
	},
	{
		Name:    "mask edit whose last directive is one byte short",
		Export:  both,
		Request: request("02", "77 01 77 02"+addStranger+addFriend[:len(addFriend)-2]),
		Reply:   refusal("02", "02", "77 01 77 02"),
	},
	{
		Name:    "mask edit whose count is past the frame's end changes nothing",
		Export:  both,
		Before:  sent(request("02", "00 01 00 02"+addStranger), request("02", "00 01 00 ff"+delInitiator+delFriend)),
		Request: request("02", maskRead),
		Reply:   reply("02", "00 00 00 02 0000 020000000202 0000 020000000303"),
	},
	{
		Name:    "mask edit of 1 in a frame without directives",
		Request: request("02", "00 01 00 01"),
		Reply:   refusal("02", "02", "00 01 00 01"),
	},
	{
		Name:    "unknown mask subcommand 2",
		Export:  both,
		Request: request("02", "77 02 77 01"+addStranger, filler(24)),
		Reply:   refusal("02", "02", "77 02 77 01"),
	},
	{
		Name:    "unknown mask subcommand 255 changes nothing",
		Export:  both,
		Before:  sent(request("02", "00 ff 00 01"+addStranger)),
		Request: request("02", maskRead),
		Reply:   reply("02", "00 00 00 02 0000 020000000202 0000 020000000303"),
	},
	{
		Name:    "mask edit of a target that another has reserved",
		Before:  sent(from(Friend, request("03", "01 01", list(Friend)))),
		Request: request("02", "00 01 00 01"+addFriend),
		Reply:   reply("02", "00 01 00 01 0000 020000000303"),
	},
	{
		Name:    "mask edit that shuts its sender out is answered",
		Export:  both,
		Request: request("02", "00 01 00 01"+delInitiator),
		Reply:   reply("02", "00 01 00 01 0000 020000000303"),
	},
}
