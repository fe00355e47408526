// SPDX-License-Identifier: GPL-2.0-only

package frametest

import "fmt"

// configRead is the body of a config read, and configNone the body of its reply
// where no string is set and the MTU is 1500 (section 4).
const (
	configRead = "0000 0000 00 10 0000"
	configNone = "0110 4019 02 10 0000"
)

// headerCases are about the header, whatever the command (section 1). Written
// in full: destination, source, EtherType, version and flags, error, shelf,
// slot, command, tag.
var headerCases = []Case{
	{
		Name:    "23 bytes are no AoE frame",
		Request: frame("020000000101 020000000202 88a2 10 00 0109 04 04 c0ffee"),
	},
	{
		Name:    "24 bytes are a whole frame of an unknown command",
		Request: frame("020000000101 020000000202 88a2 10 00 0109 04 04 c0ffee11"),
		Reply:   frame("020000000202 020000000101 88a2 1c 01 0109 04 04 c0ffee11", zeros(36)),
	},
	{
		Name:    "another EtherType",
		Request: frame("020000000101 020000000202 88a3 10 00 0109 04 01 c0ffee11"+configRead, filler(28)),
	},
	{
		Name:    "R set",
		Request: frame("020000000101 020000000202 88a2 18 00 0109 04 01 c0ffee11"+configRead, filler(28)),
	},
	{
		Name:    "every flag set, R among them",
		Request: frame("020000000101 020000000202 88a2 1f 00 0109 04 01 c0ffee11"+configRead, filler(28)),
	},
	{
		Name:    "another shelf",
		Request: frame("020000000101 020000000202 88a2 10 00 010a 04 01 c0ffee11"+configRead, filler(28)),
	},
	{
		Name:    "another shelf with the same low byte",
		Request: frame("020000000101 020000000202 88a2 10 00 0209 04 01 c0ffee11"+configRead, filler(28)),
	},
	{
		Name:    "another slot",
		Request: frame("020000000101 020000000202 88a2 10 00 0109 05 01 c0ffee11"+configRead, filler(28)),
	},
	{
		Name:    "every shelf, our slot",
		Request: frame("020000000101 020000000202 88a2 10 00 ffff 04 01 c0ffee11"+configRead, filler(28)),
		Reply:   frame("020000000202 020000000101 88a2 18 00 0109 04 01 c0ffee11"+configNone, zeros(28)),
	},
	{
		Name:    "our shelf, every slot",
		Request: frame("020000000101 020000000202 88a2 10 00 0109 ff 01 c0ffee11"+configRead, filler(28)),
		Reply:   frame("020000000202 020000000101 88a2 18 00 0109 04 01 c0ffee11"+configNone, zeros(28)),
	},
	{
		Name:    "every shelf and slot, sent to every station",
		Request: frame("ffffffffffff 020000000202 88a2 10 00 ffff ff 01 c0ffee11"+configRead, filler(28)),
		Reply:   frame("020000000202 020000000101 88a2 18 00 0109 04 01 c0ffee11"+configNone, zeros(28)),
	},
	{
		Name:    "every shelf, another slot",
		Request: frame("020000000101 020000000202 88a2 10 00 ffff 05 01 c0ffee11"+configRead, filler(28)),
	},
	{
		Name:    "another shelf, every slot",
		Request: frame("020000000101 020000000202 88a2 10 00 010a ff 01 c0ffee11"+configRead, filler(28)),
	},
	{
		Name:    "a shelf whose high byte is that of every shelf",
		Request: frame("020000000101 020000000202 88a2 10 00 ff09 04 01 c0ffee11"+configRead, filler(28)),
	},
	{
		Name:    "a shelf whose low byte is that of every shelf",
		Request: frame("020000000101 020000000202 88a2 10 00 01ff 04 01 c0ffee11"+configRead, filler(28)),
	},
	{
		Name:    "version 0 is served and comes back",
		Request: frame("020000000101 020000000202 88a2 00 00 0109 04 01 c0ffee11"+configRead, filler(28)),
		Reply:   frame("020000000202 020000000101 88a2 08 00 0109 04 01 c0ffee11"+configNone, zeros(28)),
	},
	{
		Name:    "version 15 is served and comes back",
		Request: frame("020000000101 020000000202 88a2 f0 00 0109 04 01 c0ffee11"+configRead, filler(28)),
		Reply:   frame("020000000202 020000000101 88a2 f8 00 0109 04 01 c0ffee11"+configNone, zeros(28)),
	},
	{
		Name:    "flags without a meaning come back",
		Request: frame("020000000101 020000000202 88a2 13 00 0109 04 01 c0ffee11"+configRead, filler(28)),
		Reply:   frame("020000000202 020000000101 88a2 1b 00 0109 04 01 c0ffee11"+configNone, zeros(28)),
	},
	{
		Name:    "an error in a request comes back",
		Request: frame("020000000101 020000000202 88a2 14 77 0109 04 01 c0ffee11"+configRead, filler(28)),
		Reply:   frame("020000000202 020000000101 88a2 1c 77 0109 04 01 c0ffee11"+configNone, zeros(28)),
	},
	{
		Name:    "an error in an ATA request comes back and does not shorten the reply",
		Request: frame("020000000101 020000000202 88a2 14 77 0109 04 00 c0ffee11 00 00 01 20 050000000000 0000"),
		Reply:   frame("020000000202 020000000101 88a2 1c 77 0109 04 00 c0ffee11 00 00 00 40 050000000000 0000", Content(5, 1)),
	},
	{
		Name:    "the error overwrites one in the request",
		Request: frame("020000000101 020000000202 88a2 10 77 0109 04 04 c0ffee11", filler(36)),
		Reply:   frame("020000000202 020000000101 88a2 1c 01 0109 04 04 c0ffee11", filler(36)),
	},
	{
		Name:    "a frame of every shelf and slot with an unknown command",
		Request: frame("ffffffffffff 020000000202 88a2 10 00 ffff ff 09 c0ffee11", filler(1490)),
		Reply:   frame("020000000202 020000000101 88a2 1c 01 0109 04 09 c0ffee11", filler(1490)),
	},
	{
		Name:    "an ATA frame of 35 bytes",
		Request: request("00", "00 00 00 e5 000000000000 00"),
	},
	{
		Name:    "an ATA frame of 36 bytes",
		Request: request("00", "00 00 00 e5 000000000000 0000"),
		Reply:   reply("00", "00 00 ff 40 000000000000 0000"),
	},
	{
		Name:    "a config frame of 31 bytes",
		Request: request("01", "0000 0000 00 10 00"),
	},
	{
		Name:    "a config frame of 32 bytes",
		Request: request("01", "0000 0000 00 10 0000"),
		Reply:   reply("01", "0110 4019 02 10 0000"),
	},
	{
		Name:    "a mask frame of 27 bytes",
		Request: request("02", "00 00 00"),
	},
	{
		Name:    "a mask frame of 28 bytes",
		Request: request("02", "00 00 00 00"),
		Reply:   reply("02", "00 00 00 00"),
	},
	{
		Name:    "a reserve frame of 25 bytes",
		Request: request("03", "00"),
	},
	{
		Name:    "a reserve frame of 26 bytes",
		Request: request("03", "00 00"),
		Reply:   reply("03", "00 00"),
	},
}

// unknownCommands are the commands that nobody defines: E, error 1, and all of
// the frame back.
func unknownCommands() []Case {
	var cases []Case
	for c := 4; c < 256; c++ {
		command := fmt.Sprintf("%02x", c)
		cases = append(cases, Case{
			Name:    "unknown command 0x" + command,
			Request: request(command, "", filler(40)),
			Reply:   refusal("01", command, "", filler(40)),
		})
	}
	return cases
}

// lengths are the frames around the shortest that Ethernet carries: the reply to
// a shorter one ends in zeros (differences 3 and 13).
func lengths() []Case {
	var cases []Case
	for n := 25; n <= 62; n++ {
		cases = append(cases, Case{
			Name:    fmt.Sprintf("unknown command in %d bytes", n),
			Request: request("ff", "", filler(n-24)),
			Reply:   refusal("01", "ff", "", filler(n-24)),
		})
	}
	for n := 36; n <= 62; n++ {
		cases = append(cases, Case{
			Name:    fmt.Sprintf("IDENTIFY of 2 sectors in %d bytes", n),
			Request: request("00", "00 77 02 ec 112233445566 7788", filler(n-36)),
			Reply:   refusal("02", "00", "00 77 02 ec 112233445566 7788", filler(n-36))[:shortest],
		})
	}
	return cases
}
