// SPDX-License-Identifier: GPL-2.0-only

package differential

import (
	"bytes"
	"slices"

	"vblade/internal/aoe"
	"vblade/internal/ata"
)

// rule is a difference that shows in a reply. mend makes our reply of the C
// program's, and reports whether there was something to make. The request reached
// its command: a reply says so.
type rule struct {
	number int
	mend   func(request aoe.Frame, c *[]byte) bool
}

// rules are applied in order.
var rules = []rule{
	{1, mendFlush},
	{2, mendFlushExt},
	{2, mendIdentify},
	{3, mendTail},
	{13, mendLength},
}

// quietNumbers are the differences that no frame can help.
var quietNumbers = []int{1, 2, 13}

// explain reports whether the replies to a request differ by the rules and
// exceptions alone, and by which. A reply that did not come is nil; so is the
// request of an advertisement.
func explain(request aoe.Frame, c, ours []byte) (numbers []int, equal bool) {
	switch {
	case c == nil && ours == nil:
		return nil, true
	case c == nil:
		return []int{8}, unansweredPower(request) && bytes.Equal(ours, powerReply(request))
	case ours == nil:
		return []int{7}, overlongConfig(request) && toldConfig(request, c)
	}
	mended := slices.Clone(c)
	for _, r := range rules {
		if r.mend(request, &mended) && !slices.Contains(numbers, r.number) {
			numbers = append(numbers, r.number)
		}
	}
	return numbers, bytes.Equal(mended, ours)
}

// isATA reports whether a request is an ATA command and its reply no AoE error:
// of the flags only R is new, and the error field is as it was sent.
func isATA(request aoe.Frame, c []byte) bool {
	return request != nil && request.Command() == aoe.CommandATA && len(c) >= aoe.ATALen &&
		c[14] == request[14]|byte(aoe.FlagResponse) && c[15] == request[15]
}

// mendFlush is difference 1: FLUSH CACHE answers status 0. The error register is
// one of an earlier command, or anything.
func mendFlush(request aoe.Frame, c *[]byte) bool {
	f := aoe.Frame(*c)
	if !isATA(request, *c) || request.ATACommand() != ata.FlushCache || f.ATAStatus() != 0 {
		return false
	}
	f.SetATAResult(ata.StatusReady, 0, f.ATACount())
	return true
}

// mendFlushExt is difference 2: FLUSH CACHE EXT is refused.
func mendFlushExt(request aoe.Frame, c *[]byte) bool {
	f := aoe.Frame(*c)
	if !isATA(request, *c) || request.ATACommand() != ata.FlushCacheExt ||
		f.ATAStatus() != ata.StatusReady|ata.StatusError || f.ATAError() != ata.ErrorAborted {
		return false
	}
	f.SetATAResult(ata.StatusReady, 0, f.ATACount())
	return true
}

// mendIdentify is difference 2: words 83 and 86 have bit 13 set.
func mendIdentify(request aoe.Frame, c *[]byte) bool {
	const high83, high86 = aoe.ATALen + 2*83 + 1, aoe.ATALen + 2*86 + 1
	b := *c
	if !isATA(request, b) || request.ATACommand() != ata.Identify || len(b) != aoe.ATALen+sectorSize ||
		b[high83] != 0x54 || b[high86] != 0x14 {
		return false
	}
	b[high83] |= 0x20
	b[high86] |= 0x20
	return true
}

// mendTail is difference 3: a reply of 60 bytes to a shorter request ends in
// bytes of earlier frames, but where the command read data to that place.
func mendTail(request aoe.Frame, c *[]byte) bool {
	b := *c
	if request == nil || request.Command() != aoe.CommandATA || len(request) >= aoe.MinLen || len(b) != aoe.MinLen {
		return false
	}
	if isATA(request, b) && request.ATACount() > 0 && aoe.Frame(b).ATAStatus() == ata.StatusReady && fetches(request.ATACommand()) {
		return false
	}
	tail := b[len(request):]
	if !slices.ContainsFunc(tail, func(v byte) bool { return v != 0 }) {
		return false
	}
	clear(tail)
	return true
}

// fetches reports whether a command brings data.
func fetches(command uint8) bool {
	return command == ata.Read || command == ata.ReadExt || command == ata.Identify
}

// mendLength is difference 13: replies under 60 bytes.
func mendLength(_ aoe.Frame, c *[]byte) bool {
	if len(*c) >= aoe.MinLen {
		return false
	}
	*c = padded(*c)
	return true
}

// unansweredPower is difference 8: CHECK POWER MODE that the C program does not
// answer.
func unansweredPower(request aoe.Frame) bool {
	if len(request) < aoe.ATALen || request.Command() != aoe.CommandATA || request.ATACommand() != ata.CheckPower {
		return false
	}
	n := request.ATACount()
	return n > 0 && n < 255 && request.ATAFlags()&aoe.ATAWrite == 0
}

// powerReply is our answer to it.
func powerReply(request aoe.Frame) []byte {
	r := replyTo(request, aoe.ATALen)
	r.SetATAResult(ata.StatusReady, 0, 255)
	return padded(r)
}

// overlongConfig is difference 7: a subcommand that uses its string, which ends
// behind the frame's end, by less than the C program allows.
func overlongConfig(f aoe.Frame) bool {
	if len(f) < aoe.ConfigLen || f.Command() != aoe.CommandConfig ||
		f.ConfigOp() == aoe.ConfigRead || f.ConfigOp() > aoe.ConfigForceSet {
		return false
	}
	n := f.ConfigLength()
	return n <= aoe.MaxConfigString && n > len(f)-aoe.ConfigLen && n <= len(f)
}

// toldConfig reports whether c is the C program's reply to a frame of difference
// 7 that sets nothing: its own string, told after a comparison with bytes that
// the frame does not hold.
func toldConfig(request aoe.Frame, c []byte) bool {
	if len(c) < aoe.ConfigLen {
		return false
	}
	f := aoe.Frame(c)
	s, whole := f.ConfigString()
	r := replyTo(request, len(c))
	switch op := request.ConfigOp(); {
	case op == aoe.ConfigTest && len(s) != request.ConfigLength(), op == aoe.ConfigPrefix && len(s) < request.ConfigLength():
		return false
	}
	r.SetConfigReply(f.ConfigBuffers(), f.ConfigSectors(), s)
	return whole && len(s) == len(c)-aoe.ConfigLen && bytes.Equal(c, r)
}
