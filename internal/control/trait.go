// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/statefile"
)

// trait is a property in which two exports of one address may differ. All that
// compares exports, or describes one, goes through the table of them. The name that
// a file was opened by, and the conf file, are none.
type trait struct {
	name  string // what sets it
	value func(*Export) string
	usual string                  // the value that is not worth mentioning
	same  func(a, b *Export) bool // nil if the values say so
}

// traits are all traits. The first three are described in other words.
var traits = []trait{
	{name: "file", value: func(e *Export) string { return e.Filename }, same: func(a, b *Export) bool { return a.Disk.SameFile(b.Disk) }},
	{name: "netif", value: func(e *Export) string { return strings.Join(sorted(e.Links), ",") }},
	flag("-r", func(e *Export) bool { return e.File.ReadOnly }),

	{name: "--hwaddr", value: (*Export).ownAddresses, same: func(a, b *Export) bool { return slices.Equal(a.paths(), b.paths()) }},
	{name: "-o", value: func(e *Export) string { return strconv.FormatInt(e.File.Offset, 10) }, usual: "0"},
	{name: "-l", value: func(e *Export) string { return strconv.FormatInt(e.File.Length, 10) }, usual: "0"},
	flag("-d", func(e *Export) bool { return e.File.Direct }),
	flag("-s", func(e *Export) bool { return e.File.Sync }),
	{name: "-b", value: func(e *Export) string { return strconv.Itoa(int(e.Buffers)) }, usual: "16"},
	{name: "-m", value: func(e *Export) string { return strings.Join(sorted(encodeMACs(e.Masks)), ",") }, same: func(a, b *Export) bool { return sameMasks(a.Masks, b.Masks) }},
	{name: "--serial", value: func(e *Export) string { return e.Serial }},
	flag("--fail-stop", func(e *Export) bool { return e.FailStop }),
	flag("--exclusive", func(e *Export) bool { return e.Exclusive }),
	{name: "--announce", value: func(e *Export) string { return strconv.Itoa(int(e.Announce / time.Second)) }, usual: "0"},
	{name: "--state", value: (*Export).stateDirectory, usual: statefile.DefaultDir, same: (*Export).sameState},
}

// flag returns the trait of an option without a value.
func flag(name string, is func(*Export) bool) trait {
	return trait{name: name, value: func(e *Export) string {
		if is(e) {
			return name
		}
		return ""
	}}
}

// sorted returns a sorted copy of a list.
func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// paths returns the export's own addresses with their links, in sorted order.
func (e *Export) paths() []string {
	var paths []string
	for i, m := range e.HWAddr {
		paths = append(paths, e.Links[i]+" "+hex.EncodeToString(m[:]))
	}
	return sorted(paths)
}

// ownAddresses returns the export's own addresses as --hwaddr takes them: one alone for
// all links that have the same.
func (e *Export) ownAddresses() string {
	list := encodeMACs(e.HWAddr)
	if one := slices.Compact(slices.Clone(list)); len(one) == 1 {
		list = one
	}
	return strings.Join(list, ",")
}

// sameMasks reports whether two lists have the same MACs.
func sameMasks(a, b []aoe.MAC) bool {
	lacks := func(list []aoe.MAC) func(aoe.MAC) bool {
		return func(m aoe.MAC) bool { return !slices.Contains(list, m) }
	}
	return len(a) == len(b) && !slices.ContainsFunc(a, lacks(b)) && !slices.ContainsFunc(b, lacks(a))
}

// stateDirectory returns the directory of the state file, or none.
func (e *Export) stateDirectory() string {
	if e.State == nil {
		return "none"
	}
	return filepath.Dir(e.State.Path())
}

// differences returns the names of the traits in which e and other differ.
func (e *Export) differences(other *Export) (names []string) {
	for _, t := range traits {
		same := t.value(e) == t.value(other)
		if t.same != nil {
			same = t.same(e, other)
		}
		if !same {
			names = append(names, t.name)
		}
	}
	return names
}

// same reports whether e and other, of one address, export the same file in the
// same way.
func (e *Export) same(other *Export) bool { return len(e.differences(other)) == 0 }

// describe describes the export for logs and refusals, with the options that are
// not as usual.
func (e *Export) describe() string {
	mode := "O_RDWR"
	if e.File.ReadOnly {
		mode = "O_RDONLY"
	}
	text := fmt.Sprintf("%s on %s, %d sectors %s", e.Filename, strings.Join(e.Links, ","), e.sectors(), mode)
	for _, t := range traits[3:] {
		switch v := t.value(e); v {
		case t.usual:
		case t.name:
			text += ", " + v
		default:
			text += ", " + t.name + " " + v
		}
	}
	if e.Conf != "" {
		text += ", by " + e.Conf
	}
	return text
}
