// SPDX-License-Identifier: GPL-2.0-only

package frametest

// The bodies of reserve frames in this file (section 6): subcommand, count;
// then addresses.

// pair is a target's state in which Initiator and Friend have it reserved.
var pair = sent(request("03", "01 02", list(Initiator, Friend)))

// reserveRead asks who has the target reserved.
var reserveRead = request("03", "00 00")

// reserveCases are what reserve frames do.
var reserveCases = []Case{
	{
		Name:    "reserve read of no reservation",
		Request: request("03", "00 00", filler(34)),
		Reply:   reply("03", "00 00"),
	},
	{
		Name:    "reserve read does not look at the request's count",
		Before:  pair,
		Request: request("03", "00 ff"),
		Reply:   reply("03", "00 02", list(Initiator, Friend)),
	},
	{
		Name:    "reserve read by another",
		Before:  pair,
		Request: from(Stranger, request("03", "00 00")),
		Reply:   to(Stranger, reply("03", "00 02", list(Initiator, Friend))),
	},
	{
		Name:    "reserve set of what nobody has reserved",
		Request: request("03", "01 01", list(Initiator), filler(40)),
		Reply:   reply("03", "01 01", list(Initiator)),
	},
	{
		Name:    "reserve set is there afterwards",
		Before:  sent(request("03", "01 01", list(Initiator))),
		Request: reserveRead,
		Reply:   reply("03", "00 01", list(Initiator)),
	},
	{
		Name:    "reserve set for others than the sender",
		Request: request("03", "01 02", list(Stranger, Friend)),
		Reply:   reply("03", "01 02", list(Stranger, Friend)),
	},
	{
		Name:    "reserve set by one who has it replaces the list",
		Before:  pair,
		Request: from(Friend, request("03", "01 01", list(Stranger))),
		Reply:   to(Friend, reply("03", "01 01", list(Stranger))),
	},
	{
		Name:    "reserve set with an address twice",
		Request: request("03", "01 03", list(Initiator, Friend, Initiator)),
		Reply:   reply("03", "01 03", list(Initiator, Friend, Initiator)),
	},
	{
		Name:    "reserve set by another",
		Before:  pair,
		Request: from(Stranger, request("03", "01 01", list(Stranger), filler(40))),
		Reply:   to(Stranger, refusal("06", "03", "01 02", list(Initiator, Friend))),
	},
	{
		Name:    "reserve set by another changes nothing",
		Before:  then(pair, sent(from(Stranger, request("03", "01 01", list(Stranger))))),
		Request: reserveRead,
		Reply:   reply("03", "00 02", list(Initiator, Friend)),
	},
	{
		Name:    "release by one who has it",
		Before:  pair,
		Request: request("03", "01 00"),
		Reply:   reply("03", "01 00"),
	},
	{
		Name:    "release is there afterwards: others may reserve",
		Before:  then(pair, sent(request("03", "01 00"))),
		Request: from(Stranger, request("03", "01 01", list(Stranger))),
		Reply:   to(Stranger, reply("03", "01 01", list(Stranger))),
	},
	{
		Name:    "release by another",
		Before:  pair,
		Request: from(Stranger, request("03", "01 00")),
		Reply:   to(Stranger, refusal("06", "03", "01 02", list(Initiator, Friend))),
	},
	{
		Name:    "release of what nobody has reserved",
		Request: request("03", "01 00"),
		Reply:   reply("03", "01 00"),
	},
	{
		Name:    "forced reserve by another",
		Before:  pair,
		Request: from(Stranger, request("03", "02 01", list(Stranger))),
		Reply:   to(Stranger, reply("03", "02 01", list(Stranger))),
	},
	{
		Name:    "forced reserve is there afterwards",
		Before:  then(pair, sent(from(Stranger, request("03", "02 01", list(Stranger))))),
		Request: reserveRead,
		Reply:   reply("03", "00 01", list(Stranger)),
	},
	{
		Name:    "forced release by another",
		Before:  pair,
		Request: from(Stranger, request("03", "02 00")),
		Reply:   to(Stranger, reply("03", "02 00")),
	},
	{
		Name:    "READ by a former holder after a forced reserve",
		Before:  then(pair, sent(from(Stranger, request("03", "02 01", list(Stranger))))),
		Request: request("00", "00 00 01 20 050000000000 0000"),
		Reply:   refusal("06", "00", "00 00 01 20 050000000000 0000"),
	},
	{
		Name:    "READ by the second of two holders",
		Before:  pair,
		Request: from(Friend, request("00", "00 00 01 20 050000000000 0000")),
		Reply:   to(Friend, reply("00", "00 00 00 40 050000000000 0000", Content(5, 1))),
	},
	{
		Name:    "READ by anybody after the release",
		Before:  then(pair, sent(request("03", "01 00"))),
		Request: from(Stranger, request("00", "00 00 01 20 050000000000 0000")),
		Reply:   to(Stranger, reply("00", "00 00 00 40 050000000000 0000", Content(5, 1))),
	},
	{
		Name:    "reserve set whose list is one byte short",
		Before:  pair,
		Request: request("03", "01 03", list(Stranger, Stranger, Stranger)[:17]),
		Reply:   refusal("02", "03", "01 02", list(Initiator, Friend)),
	},
	{
		Name:    "reserve set by another whose list is one byte short",
		Before:  pair,
		Request: from(Stranger, request("03", "01 01", list(Stranger)[:5])),
		Reply:   to(Stranger, refusal("06", "03", "01 02", list(Initiator, Friend))),
	},
	{
		Name:    "forced reserve whose list is one byte short",
		Before:  pair,
		Request: from(Stranger, request("03", "02 01", list(Stranger)[:5])),
		Reply:   to(Stranger, refusal("02", "03", "02 02", list(Initiator, Friend))),
	},
	{
		Name:    "reserve of 255 in a frame without a list, where nothing is reserved",
		Request: request("03", "01 ff"),
		Reply:   refusal("02", "03", "01 00"),
	},
	{
		Name:    "reserve with a list cut short changes nothing",
		Before:  then(pair, sent(request("03", "01 02", list(Stranger)), request("03", "02 ff", list(Stranger)))),
		Request: reserveRead,
		Reply:   reply("03", "00 02", list(Initiator, Friend)),
	},
	{
		Name:    "unknown reserve subcommand 3",
		Before:  pair,
		Request: request("03", "03 01", list(Stranger), filler(28)),
		Reply:   refusal("02", "03", "03 02", list(Initiator, Friend)),
	},
	{
		Name:    "unknown reserve subcommand 255 by another",
		Before:  pair,
		Request: from(Stranger, request("03", "ff 00")),
		Reply:   to(Stranger, refusal("02", "03", "ff 02", list(Initiator, Friend))),
	},
}

// reserveLists are the longest lists.
func reserveLists() []Case {
	jumbo := Export{MTU: 9000}
	all := list(append(addresses(Initiator), stations(254)...)...)
	set := request("03", "01 ff", all)
	return []Case{
		{
			Name:    "reserve set of 255",
			Export:  jumbo,
			Request: set,
			Reply:   reply("03", "01 ff", all),
		},
		{
			Name:    "reserve read of 255",
			Export:  jumbo,
			Before:  sent(set),
			Request: reserveRead,
			Reply:   reply("03", "00 ff", all),
		},
		{
			Name:    "reserve set against 255",
			Export:  jumbo,
			Before:  sent(set),
			Request: from(Stranger, request("03", "01 01", list(Stranger))),
			Reply:   to(Stranger, refusal("06", "03", "01 ff", all)),
		},
		{
			Name:    "release of 255",
			Export:  jumbo,
			Before:  sent(set),
			Request: request("03", "01 00"),
			Reply:   reply("03", "01 00"),
		},
		{
			Name:    "reserve set of 248, as many as MTU 1500 carries",
			Request: request("03", "01 f8", all[:248*6]),
			Reply:   reply("03", "01 f8", all[:248*6]),
		},
		{
			Name:    "READ by the last of 255 holders",
			Export:  jumbo,
			Before:  sent(set),
			Request: from(stations(254)[253], request("00", "00 00 01 20 050000000000 0000")),
			Reply:   to(stations(254)[253], reply("00", "00 00 00 40 050000000000 0000", Content(5, 1))),
		},
	}
}
