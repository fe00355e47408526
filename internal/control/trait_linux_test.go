// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
)

// noTraits are the fields of an export, and of its file's options, in which two may
// differ that export the same in the same way.
var noTraits = map[string]bool{
	"Filename": true, "Conf": true, "remarks": true, // to be shown
	"Writers": true, "Force": true, // which matter only for opening
	"Shelf": true, "Slot": true, // of which both have the same
	"File": true, // whose fields are looked at
}

// TestTraits changes each field of an export: it is not the same then, the trait is
// named, and the description tells.
func TestTraits(t *testing.T) {
	change := map[string]struct {
		name string
		to   func(*Export)
	}{
		"Links":     {"netif", func(e *Export) { e.Links = []string{"eth1"} }},
		"HWAddr":    {"--hwaddr", func(e *Export) { e.HWAddr = []aoe.MAC{{2, 5: 1}} }},
		"Offset":    {"-o", func(e *Export) { e.File.Offset = 1 }},
		"Length":    {"-l", func(e *Export) { e.File.Length = 1 }},
		"ReadOnly":  {"-r", func(e *Export) { e.File.ReadOnly = true }},
		"Direct":    {"-d", func(e *Export) { e.File.Direct = true }},
		"Sync":      {"-s", func(e *Export) { e.File.Sync = true }},
		"Buffers":   {"-b", func(e *Export) { e.Buffers = 7 }},
		"Masks":     {"-m", func(e *Export) { e.Masks = masks(2) }},
		"Serial":    {"--serial", func(e *Export) { e.Serial = "x y" }},
		"FailStop":  {"--fail-stop", func(e *Export) { e.FailStop = true }},
		"Exclusive": {"--exclusive", func(e *Export) { e.Exclusive = true }},
		"Announce":  {"--announce", func(e *Export) { e.Announce = time.Minute }},
		"Disk":      {"file", func(e *Export) { o := newExport(t, 9, 0); e.Disk, e.Filename = o.Disk, o.Filename }},
		"State":     {"--state", func(e *Export) { e.State = keptExport(t, t.TempDir()).State }},
	}
	for _, of := range []reflect.Type{reflect.TypeFor[Export](), reflect.TypeFor[ata.Options]()} {
		for i := range of.NumField() {
			field := of.Field(i).Name
			c, ok := change[field]
			if ok == noTraits[field] {
				t.Errorf("%v.%s is a trait, or is none: both", of, field)
			}
			if !ok {
				continue
			}
			one := newExport(t, 9, 0)
			other := *one
			c.to(&other)
			if names := one.differences(&other); len(names) != 1 || names[0] != c.name || one.same(&other) {
				t.Errorf("with another %s they differ in %q, want %s", field, names, c.name)
			}
			if text := other.describe(); text == one.describe() {
				t.Errorf("with another %s it is described as %s", field, text)
			}
		}
	}
}

// TestDescribeAddresses describes an export with one address on all links, and with
// one on each, as --hwaddr takes them.
func TestDescribeAddresses(t *testing.T) {
	a, b := aoe.MAC{2, 5: 1}, aoe.MAC{2, 5: 2}
	for want, list := range map[string][]aoe.MAC{
		", --hwaddr 020000000001, ":              {a, a},
		", --hwaddr 020000000001,020000000002, ": {a, b},
	} {
		e := newExport(t, 9, 0)
		if e.HWAddr = list; !strings.Contains(e.describe(), want) {
			t.Errorf("it is described as %s, want %q in it", e.describe(), want)
		}
	}
}

// TestUnlike is refused what is served already in another way: the error says in which,
// and what is served.
func TestUnlike(t *testing.T) {
	r := startServer(t)
	e := newExport(t, 9, 0, func(e *Export) { e.Serial, e.FailStop, e.Masks = "a b", true, masks(2) })
	r.mustAdd(e)
	other := *e
	other.Serial, other.FailStop, other.Masks = "", false, []aoe.MAC{e.Masks[1], e.Masks[0]}
	_, err := r.Add(&other)
	wantError(t, "add it without options", err, fmt.Sprintf("e9.0 is served already, but not with the same --serial, --fail-stop: %s on %s, 16 sectors O_RDWR, "+
		"-m 020000000000,020000000001, --serial a b, --fail-stop, --state none; give another shelf or slot", e.Filename, strings.Join(e.Links, ",")))
	other.Serial, other.FailStop = e.Serial, e.FailStop
	if a := r.mustAdd(&other); a.Did != Kept {
		t.Errorf("the masks in another order: %s", a.Did)
	}
}
