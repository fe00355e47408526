// SPDX-License-Identifier: GPL-2.0-only

package frametest

import (
	"encoding/binary"
	"fmt"
)

// The bodies of config frames in this file (section 4), in columns:
//
//	buffers, firmware, scnt, version and subcommand, length; then the string

// abc is an export's state in which the config string is "abc".
var abc = sent(request("01", "0000 0000 00 14 0003", []byte("abc")))

// configCases are the subcommands' hits and misses.
var configCases = []Case{
	{
		Name:    "config read of no string",
		Request: request("01", "0000 0000 00 10 0000", filler(28)),
		Reply:   reply("01", "0110 4019 02 10 0000"),
	},
	{
		Name:    "config read overwrites what the request had in its fields",
		Request: request("01", "7777 7777 77 f0 0000", filler(28)),
		Reply:   reply("01", "0110 4019 02 10 0000"),
	},
	{
		Name:    "config read of a string",
		Before:  abc,
		Request: request("01", "0000 0000 00 10 0000"),
		Reply:   reply("01", "0110 4019 02 10 0003", []byte("abc")),
	},
	{
		Name:    "config read does not look at the request's string",
		Before:  abc,
		Request: request("01", "0000 0000 00 10 0002", []byte("xy")),
		Reply:   reply("01", "0110 4019 02 10 0003", []byte("abc")),
	},
	{
		Name:    "config read does not look at the request's length",
		Before:  abc,
		Request: request("01", "0000 0000 00 10 ffff"),
		Reply:   reply("01", "0110 4019 02 10 0003", []byte("abc")),
	},
	{
		Name:    "config test of an equal string",
		Before:  abc,
		Request: request("01", "0000 0000 00 11 0003", []byte("abc")),
		Reply:   reply("01", "0110 4019 02 11 0003", []byte("abc")),
	},
	{
		Name:    "config test where both are empty",
		Request: request("01", "0000 0000 00 11 0000"),
		Reply:   reply("01", "0110 4019 02 11 0000"),
	},
	{
		Name:    "config test does not look behind the string",
		Before:  abc,
		Request: request("01", "0000 0000 00 11 0003", []byte("abcd")),
		Reply:   reply("01", "0110 4019 02 11 0003", []byte("abc")),
	},
	{Name: "config test of another string", Before: abc, Request: request("01", "0000 0000 00 11 0003", []byte("abd"))},
	{Name: "config test of a prefix", Before: abc, Request: request("01", "0000 0000 00 11 0002", []byte("ab"))},
	{Name: "config test of a longer string", Before: abc, Request: request("01", "0000 0000 00 11 0004", []byte("abcd"))},
	{Name: "config test of the empty string", Before: abc, Request: request("01", "0000 0000 00 11 0000")},
	{Name: "config test where no string is set", Request: request("01", "0000 0000 00 11 0003", []byte("abc"))},
	{
		Name:    "config prefix of a proper prefix",
		Before:  abc,
		Request: request("01", "0000 0000 00 12 0002", []byte("ab")),
		Reply:   reply("01", "0110 4019 02 12 0003", []byte("abc")),
	},
	{
		Name:    "config prefix of the whole string",
		Before:  abc,
		Request: request("01", "0000 0000 00 12 0003", []byte("abc")),
		Reply:   reply("01", "0110 4019 02 12 0003", []byte("abc")),
	},
	{
		Name:    "config prefix of the empty string",
		Before:  abc,
		Request: request("01", "0000 0000 00 12 0000"),
		Reply:   reply("01", "0110 4019 02 12 0003", []byte("abc")),
	},
	{
		Name:    "config prefix where both are empty",
		Request: request("01", "0000 0000 00 12 0000"),
		Reply:   reply("01", "0110 4019 02 12 0000"),
	},
	{Name: "config prefix of a longer string", Before: abc, Request: request("01", "0000 0000 00 12 0004", []byte("abcd"))},
	{Name: "config prefix of another string", Before: abc, Request: request("01", "0000 0000 00 12 0001", []byte("b"))},
	{
		Name:    "config set of an empty string",
		Request: request("01", "0000 0000 00 13 0003", []byte("abc")),
		Reply:   reply("01", "0110 4019 02 13 0003", []byte("abc")),
	},
	{
		Name:    "config set is there afterwards",
		Before:  sent(request("01", "0000 0000 00 13 0003", []byte("abc"))),
		Request: request("01", "0000 0000 00 10 0000"),
		Reply:   reply("01", "0110 4019 02 10 0003", []byte("abc")),
	},
	{
		Name:    "config set of what is set",
		Before:  abc,
		Request: request("01", "0000 0000 00 13 0003", []byte("abc")),
		Reply:   reply("01", "0110 4019 02 13 0003", []byte("abc")),
	},
	{
		Name:    "config set where another string is set",
		Before:  abc,
		Request: request("01", "0000 0000 00 13 0004", []byte("abcd")),
		Reply:   refusal("04", "01", "0110 4019 02 13 0003", []byte("abc")),
	},
	{
		Name:    "config set to nothing where a string is set",
		Before:  abc,
		Request: request("01", "0000 0000 00 13 0000"),
		Reply:   refusal("04", "01", "0110 4019 02 13 0003", []byte("abc")),
	},
	{
		Name:    "config set that was refused changes nothing",
		Before:  then(abc, sent(request("01", "0000 0000 00 13 0004", []byte("abcd")))),
		Request: request("01", "0000 0000 00 10 0000"),
		Reply:   reply("01", "0110 4019 02 10 0003", []byte("abc")),
	},
	{
		Name:    "config force set of another string",
		Before:  abc,
		Request: request("01", "0000 0000 00 14 0002", []byte("xy")),
		Reply:   reply("01", "0110 4019 02 14 0002", []byte("xy")),
	},
	{
		Name:    "config force set to nothing",
		Before:  abc,
		Request: request("01", "0000 0000 00 14 0000"),
		Reply:   reply("01", "0110 4019 02 14 0000"),
	},
	{
		Name:    "config set after a force set to nothing",
		Before:  then(abc, sent(request("01", "0000 0000 00 14 0000"))),
		Request: request("01", "0000 0000 00 13 0002", []byte("xy")),
		Reply:   reply("01", "0110 4019 02 13 0002", []byte("xy")),
	},
	{
		Name:    "config read of a target that another has reserved",
		Before:  sent(from(Friend, request("03", "01 01", list(Friend)))),
		Request: request("01", "0000 0000 00 10 0000"),
		Reply:   reply("01", "0110 4019 02 10 0000"),
	},
	{
		Name:    "config force set of a target that another has reserved",
		Before:  sent(from(Friend, request("03", "01 01", list(Friend)))),
		Request: request("01", "0000 0000 00 14 0002", []byte("xy")),
		Reply:   reply("01", "0110 4019 02 14 0002", []byte("xy")),
	},
}

// configFrame is a config request whose length field says n; s is what it holds.
func configFrame(op byte, n int, s []byte) []byte {
	f := request("01", "0000 0000 00 10 0000", s)
	f[29] |= op
	binary.BigEndian.PutUint16(f[30:], uint16(n))
	return f
}

// configReply is the reply to it where the string is s.
func configReply(op byte, s []byte) []byte {
	f := reply("01", "0110 4019 02 10 0000", s)
	f[29] |= op
	binary.BigEndian.PutUint16(f[30:], uint16(len(s)))
	return f
}

// configStrings are strings of lengths around what a shortest frame, a config
// string and a frame hold (difference 7).
func configStrings() []Case {
	var cases []Case
	for _, n := range []int{1, 27, 28, 29, 255, 256, 1023, 1024} {
		length := fmt.Sprintf(" of %d bytes", n)
		set := sent(configFrame(4, n, text(n)))
		cases = append(cases,
			Case{Name: "config set" + length, Request: configFrame(3, n, text(n)), Reply: configReply(3, text(n))},
			Case{Name: "config read" + length, Before: set, Request: configFrame(0, 0, nil), Reply: configReply(0, text(n))},
			Case{Name: "config test" + length, Before: set, Request: configFrame(1, n, text(n)), Reply: configReply(1, text(n))},
			Case{Name: "config prefix" + length, Before: set, Request: configFrame(2, n-1, text(n-1)), Reply: configReply(2, text(n))},
			Case{Name: "config set" + length + " over one of 3", Before: abc, Request: configFrame(4, n, text(n)), Reply: configReply(4, text(n))},
			Case{Name: "config set of 3 bytes over one" + length, Before: set, Request: configFrame(4, 3, []byte("abc")), Reply: configReply(4, []byte("abc"))},
		)
	}
	for op := byte(1); op <= 4; op++ {
		sub := fmt.Sprintf("config subcommand %d with a length ", op)
		cases = append(cases,
			Case{Name: sub + "of 1025", Request: configFrame(op, 1025, text(1025))},
			Case{Name: sub + "one past the frame's end", Request: configFrame(op, 4, []byte("abc"))},
			Case{Name: sub + "of 1 in a frame without a string", Request: configFrame(op, 1, nil)},
		)
	}
	for op := byte(3); op <= 4; op++ {
		sub := fmt.Sprintf("config subcommand %d that is not answered for its length ", op)
		cases = append(cases,
			Case{Name: sub + "in the frame sets nothing", Before: sent(configFrame(op, 4, []byte("abc"))), Request: configFrame(0, 0, nil), Reply: configReply(0, nil)},
			Case{Name: sub + "of 1025 sets nothing", Before: sent(configFrame(op, 1025, text(1025))), Request: configFrame(0, 0, nil), Reply: configReply(0, nil)},
		)
	}
	return cases
}

// unknownConfigs are the subcommands that nobody defines. They use no string: of
// its length only the whole frame's, headers included, is the limit.
func unknownConfigs() []Case {
	var cases []Case
	for op := byte(5); op < 16; op++ {
		sub := fmt.Sprintf("unknown config subcommand %d", op)
		refused := refusal("02", "01", fmt.Sprintf("0110 4019 02 1%x 0003", op), []byte("abc"))
		cases = append(cases,
			Case{Name: sub, Before: abc, Request: request("01", fmt.Sprintf("7777 7777 77 f%x 0002", op), []byte("xy")), Reply: refused},
			Case{Name: sub + " with a length one past the frame's end", Before: abc, Request: configFrame(op, 4, []byte("xyz")), Reply: refused},
			Case{Name: sub + " with the frame's own length", Before: abc, Request: configFrame(op, 60, filler(28)), Reply: refused},
			Case{Name: sub + " with a length over the frame's own", Before: abc, Request: configFrame(op, 61, filler(28))},
			Case{Name: sub + " with a length of 1024", Before: abc, Request: configFrame(op, 1024, text(1024)), Reply: refused},
			Case{Name: sub + " with a length of 1025", Before: abc, Request: configFrame(op, 1025, text(1025))},
		)
	}
	return cases
}
