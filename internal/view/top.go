// SPDX-License-Identifier: GPL-2.0-only

package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"vblade/internal/control"
)

// Top shows the busiest exports in a window of a number of lines and columns.
// With height 0 it shows all.
func Top(a *control.Answer, width, height int) []string {
	exports := slices.Clone(a.Exports)
	slices.SortStableFunc(exports, func(a, b control.Info) int {
		return cmp.Or(cmp.Compare(load(&b), load(&a)), cmp.Compare(waiting(&b), waiting(&a)))
	})
	lines := summary(a)
	room := len(exports)
	if height > 0 {
		room = min(room, max(0, height-len(lines)-2))
	}
	lines = append(append(lines, ""), exportTable(exports[:room], width)...)
	if width > 0 {
		for i := range lines {
			lines[i] = cutEnd(lines[i], width)
		}
	}
	if height > 0 {
		lines = lines[:min(len(lines), height)]
	}
	return lines
}

// load is how busy an export is: its reads and writes a second.
func load(e *control.Info) float64 {
	if e.Figures == nil {
		return 0
	}
	return e.Figures.Recent.Reads + e.Figures.Recent.Writes
}

// waiting is how many requests of an export wait.
func waiting(e *control.Info) int64 {
	if e.Figures == nil {
		return 0
	}
	return e.Figures.InFlight
}

// summary returns two lines about the server, and what all exports do together.
func summary(a *control.Answer) []string {
	reads, writes, bytes := 0.0, 0.0, 0.0
	states := make(map[control.State]int)
	for i := range a.Exports {
		e := &a.Exports[i]
		states[e.State]++
		if f := e.Figures; f != nil {
			reads += f.Recent.Reads
			writes += f.Recent.Writes
			bytes += f.Recent.ReadBytes + f.Recent.WriteBytes
		}
	}
	first := []string{fmt.Sprintf("vblade %d: %s", a.PID, plural(len(a.Exports), "export"))}
	for _, s := range []control.State{control.Up, control.NoLink, control.DiskFailing, control.FlushFailed, control.DiskHangs, control.Starting, control.Draining, control.NotServed} {
		if n := states[s]; n > 0 {
			first = append(first, fmt.Sprintf("%d %s", n, s))
		}
	}
	second := []string{fmt.Sprintf("%s reads/s, %s writes/s, %s MB/s", scaled(reads), scaled(writes), scaled(bytes/1e6))}
	for i := range a.Links {
		if l := &a.Links[i]; l.Down != "" {
			second = append(second, clean(l.Name+": "+l.Down))
		}
	}
	return []string{strings.Join(first, ", "), strings.Join(second, ", ")}
}
