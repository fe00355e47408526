// SPDX-License-Identifier: GPL-2.0-only

package view

import (
	"fmt"
	"strconv"
	"strings"

	"vblade/internal/ata"
	"vblade/internal/control"
)

// One shows the only export of an answer in full, with its initiators, by their
// names if known.
func One(a *control.Answer, names Ethers) string {
	if len(a.Exports) != 1 {
		return List(a, Width)
	}
	e := &a.Exports[0]
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", clean(e.Name), clean(string(e.State)))
	say := func(what, format string, args ...any) {
		fmt.Fprintf(&b, "  %-11s  %s\n", what, fmt.Sprintf(format, args...))
	}
	if e.Trouble != "" {
		say("trouble", "%s", clean(e.Trouble))
	}
	say("disk", "%s", clean(e.Filename))
	say("size", "%d sectors, %s", e.Sectors, bytesOf(float64(e.Sectors)*ata.SectorSize))
	say("opened", "%s", mode(e))
	if e.Conf != "" {
		say("conf file", "%s", clean(e.Conf))
	}
	for i := range a.Links {
		l := &a.Links[i]
		say("link", "%s: %s, receives by %s", clean(l.Name), linkState(l), way(l.Receive, l.WhyReceive))
		say("", "sends by %s", way(l.Send, l.WhySend))
	}
	if len(a.Links) == 0 {
		say("links", "%s", links(e))
	}
	if f := e.Figures; f != nil {
		showFigures(f, say)
	}
	if u := e.Users; u != nil {
		showUsers(u, names, say)
		for _, l := range initiatorTable(u.Initiators, names) {
			b.WriteString(l + "\n")
		}
	}
	return b.String()
}

// mode says how the file of an export was opened.
func mode(e *control.Info) string {
	words := "O_RDWR"
	if e.ReadOnly {
		words = "O_RDONLY"
	}
	if e.Direct {
		words += ", O_DIRECT"
	}
	if e.Sync {
		words += ", every write synced"
	}
	return words
}

// showFigures shows what an export does now, and its counters.
func showFigures(f *control.Figures, say func(what, format string, args ...any)) {
	now := &f.Recent
	say("now", "%s reads/s, %s writes/s, %s MB/s, p50 %s, p99 %s", scaled(now.Reads), scaled(now.Writes),
		scaled((now.ReadBytes+now.WriteBytes)/1e6), seconds(now.P50), seconds(now.P99))
	waiting := strconv.FormatInt(f.InFlight, 10) + " in flight"
	if f.Oldest > 0 {
		waiting += ", the oldest for " + seconds(f.Oldest)
	}
	say("waiting", "%s", waiting)
	say("in all", "%d reads %s, %d writes %s, %d flushes", f.Reads, bytesOf(float64(f.ReadBytes)),
		f.Writes, bytesOf(float64(f.WriteBytes)), f.Flushes)
	say("", "%s, %d repeated, %d masked out, %d shed", errorCounts(f), f.Repeated, f.Masked, f.Shed)
}

// showUsers shows what initiators have set on an export.
func showUsers(u *control.Users, names Ethers, say func(what, format string, args ...any)) {
	config := "none"
	if u.Config != "" {
		config = strconv.QuoteToGraphic(u.Config)
	}
	say("config", "%s", config)
	say("masks", "%s", macList(u.Masks, names, "none: everyone is served"))
	say("reserved", "%s", macList(u.Reservation, names, "for nobody"))
}

// macList writes MACs with their names, or none if there are no MACs.
func macList(macs []string, names Ethers, none string) string {
	if len(macs) == 0 {
		return none
	}
	texts := make([]string, len(macs))
	for i, m := range macs {
		texts[i] = mac(m)
		if name := names[texts[i]]; name != "" {
			texts[i] += " (" + name + ")"
		}
	}
	return strings.Join(texts, ", ")
}

// initiatorTable returns the lines of the table of initiators, after an empty one.
func initiatorTable(initiators []control.Initiator, names Ethers) []string {
	if len(initiators) == 0 {
		return []string{"", "No initiator has used it."}
	}
	columns := []column{
		{head: "INITIATOR"}, {head: "NAME"}, {head: "LINK"}, {head: "SEEN", right: true},
		{head: "REQUESTS", right: true}, {head: "REPEATED", right: true}, {head: "ACCESS"},
	}
	rows := make([][]string, len(initiators))
	for i, in := range initiators {
		access := ""
		switch {
		case in.Masked:
			access = "masked out"
		case in.Reserved:
			access = "reserved"
		}
		address := mac(in.MAC)
		rows[i] = []string{address, names[address], clean(in.Link), ago(in.Idle),
			fmt.Sprint(in.Requests), fmt.Sprint(in.Repeated), access}
	}
	return append([]string{""}, layout(columns, rows, Width)...)
}

// ago writes how long ago something was.
func ago(f float64) string {
	if f < 1 {
		return "now"
	}
	return seconds(f) + " ago"
}
