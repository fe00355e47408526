// SPDX-License-Identifier: GPL-2.0-only

package differential

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"vblade/internal/aoe"
	"vblade/internal/ata"
)

// coverage counts what frames came to, by kind and outcome.
type coverage map[string]map[string]int

// add counts a request with our reply.
func (c coverage) add(request aoe.Frame, reply []byte) {
	kind := kindOf(request)
	if c[kind] == nil {
		c[kind] = map[string]int{}
	}
	c[kind][outcomeOf(request, reply)]++
}

// kindOf names what a request asks for.
func kindOf(f aoe.Frame) string {
	if len(f) < aoe.HeaderLen {
		return "no header"
	}
	switch f.Command() {
	case aoe.CommandATA:
		return nameOf(f, aoe.ATALen, "ATA", ataNames, func() uint8 { return f.ATACommand() })
	case aoe.CommandConfig:
		return nameOf(f, aoe.ConfigLen, "config", configNames, func() uint8 { return uint8(f.ConfigOp()) })
	case aoe.CommandMask:
		return nameOf(f, aoe.MaskLen, "masks", maskNames, func() uint8 { return uint8(f.MaskOp()) })
	case aoe.CommandReserve:
		return nameOf(f, aoe.ReserveLen, "reserve", reserveNames, func() uint8 { return uint8(f.ReserveOp()) })
	}
	return "unknown command"
}

// Names of commands within a command.
var (
	ataNames = map[uint8]string{
		ata.Read: "read", ata.ReadExt: "read ext", ata.Write: "write", ata.WriteExt: "write ext",
		ata.Identify: "identify", ata.CheckPower: "power", ata.FlushCache: "flush", ata.FlushCacheExt: "flush ext",
	}
	configNames  = map[uint8]string{0: "read", 1: "test", 2: "prefix", 3: "set", 4: "force set"}
	maskNames    = map[uint8]string{0: "read", 1: "edit"}
	reserveNames = map[uint8]string{0: "read", 1: "set", 2: "force set"}
)

// nameOf names a command within a command whose frames have n bytes at least.
func nameOf(f aoe.Frame, n int, command string, names map[uint8]string, op func() uint8) string {
	if len(f) < n {
		return command + " cut"
	}
	if name := names[op()]; name != "" {
		return command + " " + name
	}
	return command + " other"
}

// outcomeOf names what a request came to.
func outcomeOf(request aoe.Frame, reply []byte) string {
	f := aoe.Frame(reply)
	switch {
	case reply == nil:
		return "no answer"
	case request.Has(aoe.FlagError):
		return "unclear" // the flag comes back anyway
	case f.Has(aoe.FlagError):
		return fmt.Sprintf("error %d", f.Error())
	case f.Command() == aoe.CommandMask && f.MaskError() != aoe.MaskOK:
		return fmt.Sprintf("mask error %d", f.MaskError())
	case f.Command() == aoe.CommandATA && f.ATAStatus()&ata.StatusError != 0 && f.ATAError() == ata.ErrorNotFound:
		return "IDNF"
	case f.Command() == aoe.CommandATA && f.ATAStatus()&ata.StatusError != 0 && f.ATAError() == ata.ErrorAborted:
		return "ABRT"
	}
	return "done"
}

// wanted are the outcomes that a run of usual length meets, whatever the seed:
// without them it would prove little.
var wanted = map[string][]string{
	"ATA read":          {"done", "IDNF", "error 2", "error 6", "no answer"},
	"ATA read ext":      {"done", "IDNF", "error 2", "error 6", "no answer"},
	"ATA write":         {"done", "IDNF", "ABRT", "error 2", "error 6", "no answer"},
	"ATA write ext":     {"done", "IDNF", "ABRT", "error 2", "error 6", "no answer"},
	"ATA identify":      {"done", "error 2"},
	"ATA power":         {"done", "error 6"},
	"ATA flush":         {"done", "error 6"},
	"ATA flush ext":     {"done", "error 6"},
	"ATA other":         {"ABRT", "error 6"},
	"ATA cut":           {"no answer"},
	"config read":       {"done", "no answer"},
	"config test":       {"done", "no answer"},
	"config prefix":     {"done", "no answer"},
	"config set":        {"done", "error 4", "no answer"},
	"config force set":  {"done", "no answer"},
	"config other":      {"error 2"},
	"masks read":        {"done", "no answer"},
	"masks edit":        {"done", "mask error 2", "error 2"},
	"masks other":       {"error 2"},
	"reserve read":      {"done"},
	"reserve set":       {"done", "error 2", "error 6"},
	"reserve force set": {"done", "error 2"},
	"reserve other":     {"error 2"},
	"unknown command":   {"error 1", "no answer"},
}

// check fails a test whose frames did not come to all that is wanted.
func (c coverage) check(t *testing.T) {
	t.Helper()
	for kind, outcomes := range wanted {
		for _, o := range outcomes {
			if c[kind][o] == 0 {
				t.Errorf("in all frames no %q came to %q", kind, o)
			}
		}
	}
}

// String returns a line for every kind.
func (c coverage) String() string {
	var b strings.Builder
	for _, kind := range slices.Sorted(maps.Keys(c)) {
		fmt.Fprintf(&b, "%18s ", kind)
		for _, o := range slices.Sorted(maps.Keys(c[kind])) {
			fmt.Fprintf(&b, "  %s %d", o, c[kind][o])
		}
		b.WriteByte('\n')
	}
	return b.String()
}
