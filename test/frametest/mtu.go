// SPDX-License-Identifier: GPL-2.0-only

package frametest

// What no MTU of these cases but 1500 and more carries: a config string of 200
// bytes (232 in all).
var long = configFrame(4, 200, text(200))

// six are as many masks as MTU 68 carries: 28 + 6 * 8 bytes of 82.
var six = append(addresses(Initiator, Friend), stations(4)...)

// mtuCases are replies that are longer than the MTU allows: E, error 2, nothing
// changed (difference 9), and what else follows from a change of the MTU.
var mtuCases = []Case{
	{
		Name:    "config set of the longest string that MTU 100 carries",
		Export:  Export{MTU: 100},
		Request: configFrame(3, 82, text(82)),
		Reply:   reply("01", "0110 4019 00 13 0052", text(82)),
	},
	{
		Name:       "config set of one byte more",
		Export:     Export{MTU: 100},
		Request:    configFrame(3, 83, text(83)),
		Reply:      refusal("02", "01", ""),
		HeaderOnly: true,
	},
	{
		Name:    "config set of one byte more sets nothing",
		Export:  Export{MTU: 100},
		Before:  sent(configFrame(3, 83, text(83))),
		Request: request("01", configRead),
		Reply:   reply("01", "0110 4019 00 10 0000"),
	},
	{
		Name:       "config set after the MTU became too small for it",
		Before:     mtu(100),
		Request:    long,
		Reply:      refusal("02", "01", ""),
		HeaderOnly: true,
	},
	{
		Name:    "config set after the MTU became too small for it sets nothing",
		Before:  then(mtu(100), sent(long), mtu(1500)),
		Request: request("01", configRead),
		Reply:   reply("01", configNone),
	},
	{
		Name:    "config set after the MTU became large enough for it",
		Export:  Export{MTU: 100},
		Before:  mtu(1500),
		Request: long,
		Reply:   configReply(4, text(200)),
	},
	{
		Name:       "config read after the MTU became too small for it",
		Before:     then(sent(long), mtu(100)),
		Request:    request("01", configRead),
		Reply:      refusal("02", "01", ""),
		HeaderOnly: true,
	},
	{
		Name:    "config read after the MTU was too small for it",
		Before:  then(sent(long), mtu(100), sent(request("01", configRead)), mtu(1500)),
		Request: request("01", configRead),
		Reply:   configReply(0, text(200)),
	},
	{
		Name:    "config set of a string that the MTU carries over one that it does not carry any more",
		Before:  then(sent(long), mtu(100)),
		Request: configFrame(4, 3, []byte("abc")),
		Reply:   reply("01", "0110 4019 00 14 0003", []byte("abc")),
	},
	{
		Name:    "config test that misses, in a frame longer than the MTU allows",
		Export:  Export{MTU: 100},
		Request: configFrame(1, 200, text(200)),
	},
	{
		Name:    "config set over another string, in a frame longer than the MTU allows",
		Export:  Export{MTU: 100},
		Before:  abc,
		Request: configFrame(3, 200, text(200)),
		Reply:   refusal("04", "01", "0110 4019 00 13 0003", []byte("abc")),
	},
	{
		Name:       "unknown command in a frame longer than the MTU allows",
		Export:     Export{MTU: 100},
		Request:    request("04", "", filler(91)),
		Reply:      refusal("02", "04", ""),
		HeaderOnly: true,
	},
	{
		Name:    "unknown command in a frame as long as the MTU allows",
		Export:  Export{MTU: 100},
		Request: request("04", "", filler(90)),
		Reply:   refusal("01", "04", "", filler(90)),
	},
	{
		Name:    "READ EXT of 17 sectors after the MTU became 9000, before any config reply",
		Before:  mtu(9000),
		Request: request("00", "40 77 11 24 050000000000 0000"),
		Reply:   refusal("02", "00", "40 77 11 24 050000000000 0000"),
	},
	{
		Name:    "config read after the MTU became 9000",
		Before:  mtu(9000),
		Request: request("01", configRead),
		Reply:   reply("01", "0110 4019 11 10 0000"),
	},
	{
		Name:    "READ EXT of 17 sectors after the MTU became 9000 and a config reply said so",
		Before:  then(mtu(9000), sent(request("01", configRead))),
		Request: request("00", "40 00 11 24 050000000000 0000"),
		Reply:   reply("00", "40 00 00 40 050000000000 0000", Content(5, 17)),
	},
	{
		Name:    "READ EXT of 3 sectors after the MTU became 1500 and a config reply said so",
		Export:  Export{MTU: 9000},
		Before:  then(mtu(1500), sent(request("01", configRead))),
		Request: request("00", "40 77 03 24 050000000000 0000"),
		Reply:   refusal("02", "00", "40 77 03 24 050000000000 0000"),
	},
	{
		Name:    "mask edit that adds the last mask that MTU 68 carries",
		Export:  Export{MTU: 68, Masks: six[:5]},
		Request: request("02", "00 01 00 01", directives(1, six[5:])),
		Reply:   reply("02", "00 01 00 06", directives(0, six)),
	},
	{
		Name:       "mask edit that adds one more",
		Export:     Export{MTU: 68, Masks: six},
		Request:    request("02", "00 01 00 01"+addStranger),
		Reply:      refusal("02", "02", ""),
		HeaderOnly: true,
	},
	{
		Name:    "mask edit that adds one more adds nothing",
		Export:  Export{MTU: 68, Masks: six},
		Before:  sent(request("02", "00 01 00 04", directives(2, six[5:]), directives(1, stations(6)[4:]), x(addStranger))),
		Request: request("02", maskRead),
		Reply:   reply("02", "00 00 00 06", directives(0, six)),
	},
	{
		Name:    "mask edit that adds one more and deletes another",
		Export:  Export{MTU: 68, Masks: six},
		Request: request("02", "00 01 00 02"+addStranger, directives(2, six[5:])),
		Reply:   reply("02", "00 01 00 06", directives(0, six[:5]), x("0000 020000000404")),
	},
	{
		Name:       "mask read of more masks than the MTU carries",
		Export:     Export{MTU: 68, Masks: fullList()},
		Request:    request("02", maskRead),
		Reply:      refusal("02", "02", ""),
		HeaderOnly: true,
	},
	{
		Name:    "reserve set of 9, as many as MTU 68 carries",
		Export:  Export{MTU: 68},
		Request: request("03", "01 09", list(stations(9)...)),
		Reply:   reply("03", "01 09", list(stations(9)...)),
	},
	{
		Name:       "reserve set of one more",
		Export:     Export{MTU: 68},
		Before:     sent(request("03", "01 01", list(Initiator))),
		Request:    request("03", "01 0a", list(stations(10)...)),
		Reply:      refusal("02", "03", ""),
		HeaderOnly: true,
	},
	{
		Name:       "reserve set of 249 at MTU 1500",
		Request:    request("03", "01 f9", list(stations(249)...)),
		Reply:      refusal("02", "03", ""),
		HeaderOnly: true,
	},
	{
		Name:    "forced reserve of 249 at MTU 1500 changes nothing",
		Before:  sent(request("03", "01 01", list(Initiator)), request("03", "02 f9", list(stations(249)...))),
		Request: reserveRead,
		Reply:   reply("03", "00 01", list(Initiator)),
	},
	{
		Name:   "reserve read of more than the MTU carries since it became smaller",
		Export: Export{MTU: 9000},
		Before: then(sent(request("03", "01 ff", list(stations(255)...))),
			mtu(1500), sent(request("01", configRead))),
		Request:    reserveRead,
		Reply:      refusal("02", "03", ""),
		HeaderOnly: true,
	},
}
