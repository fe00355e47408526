// SPDX-License-Identifier: GPL-2.0-only

package view

import (
	"fmt"
	"strings"

	"vblade/internal/ata"
	"vblade/internal/control"
)

// Width is the default width of a list.
const Width = 100

// exportColumns are the columns of the table of exports. The columns that may not
// be cut need so few characters that the table is at most Width wide.
func exportColumns() []column {
	return []column{
		{head: "EXPORT"}, {head: "DISK", least: 12}, {head: "SIZE", right: true}, {head: "LINKS", least: 8}, {head: "STATE"},
		{head: "R/S", right: true}, {head: "W/S", right: true}, {head: "MB/S", right: true},
		{head: "P50", right: true}, {head: "P99", right: true}, {head: "WAIT", right: true}, {head: "INI", right: true},
	}
}

// exportRow returns an export's line of the table.
func exportRow(e *control.Info) []string {
	size := bytesOf(float64(e.Sectors) * ata.SectorSize)
	if e.ReadOnly {
		size = "ro " + size
	}
	row := []string{clean(e.Name), clean(e.Filename), size, links(e), clean(string(e.State))}
	f := e.Figures
	if f == nil {
		return append(row, "-", "-", "-", "-", "-", "-", "-")
	}
	now := &f.Recent
	return append(row, scaled(now.Reads), scaled(now.Writes), scaled((now.ReadBytes+now.WriteBytes)/1e6),
		seconds(now.P50), seconds(now.P99), integer(uint64(max(0, f.InFlight))), integer(uint64(max(0, f.Initiators))))
}

// exportTable returns the lines of the table of exports.
func exportTable(exports []control.Info, width int) []string {
	rows := make([][]string, len(exports))
	for i := range exports {
		rows[i] = exportRow(&exports[i])
	}
	return layout(exportColumns(), rows, width)
}

// List shows all exports: a line for each, why some are not served, and the links.
func List(a *control.Answer, width int) string {
	lines := exportTable(a.Exports, width)
	if notes := troubles(a.Exports); len(notes) > 0 {
		lines = append(append(lines, ""), notes...)
	}
	if len(a.Links) > 0 {
		lines = append(append(lines, ""), linkTable(a.Links, width)...)
	}
	return strings.Join(lines, "\n") + "\n"
}

// troubles says why exports are not served.
func troubles(exports []control.Info) (notes []string) {
	for i := range exports {
		if e := &exports[i]; e.Trouble != "" {
			notes = append(notes, fmt.Sprintf("%s: %s", clean(e.Name), clean(e.Trouble)))
		}
	}
	return notes
}

// linkTable returns the lines of the table of links.
func linkTable(links []control.Link, width int) []string {
	columns := []column{{head: "LINK"}, {head: "STATE"}, {head: "RECEIVES BY"}, {head: "SENDS BY"}}
	rows := make([][]string, len(links))
	for i := range links {
		l := &links[i]
		rows[i] = []string{clean(l.Name), linkState(l), way(l.Receive, l.WhyReceive), way(l.Send, l.WhySend)}
	}
	lines := layout(columns, rows, width)
	for i := range lines {
		lines[i] = cutEnd(lines[i], width)
	}
	return lines
}

// linkState says whether a link carries frames.
func linkState(l *control.Link) string {
	if l.Down != "" {
		return clean(l.Down)
	}
	return "up"
}

// way says how a link receives or sends, and why not faster.
func way(way, why string) string {
	if why != "" {
		return clean(way + " (" + why + ")")
	}
	return clean(way)
}
