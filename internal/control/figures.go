// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"encoding/hex"
	"math"
	"slices"
	"strings"

	"vblade/internal/aoe"
	"vblade/internal/blade"
	"vblade/internal/stats"
)

// State is the condition of an export: the worst of those that apply.
type State string

// The states, the worst first.
const (
	NotServed   State = "not served" // Trouble says why
	Draining    State = "draining"   // it is being removed
	Starting    State = "starting"   // it is being added or changed
	DiskHangs   State = "disk hangs"
	FlushFailed State = "flush failed" // every later one does, too
	DiskFailing State = "disk failing"
	NoLink      State = "no link" // none of its links carries frames
	Up          State = "up"
)

// Figures is the counters of an export since it was added, and its present
// condition. Times are in seconds.
type Figures struct {
	Reads      uint64            `json:"reads"`
	ReadBytes  uint64            `json:"readBytes"`
	Writes     uint64            `json:"writes"`
	WriteBytes uint64            `json:"writeBytes"`
	Flushes    uint64            `json:"flushes"`
	Errors     map[string]uint64 `json:"errors"` // by kind, those that there are
	Masked     uint64            `json:"masked"`
	Shed       uint64            `json:"shed"`
	Repeated   uint64            `json:"repeated"`
	InFlight   int64             `json:"inFlight"`
	Oldest     float64           `json:"oldest"`
	Initiators int               `json:"initiators"`
	Recent     Recent            `json:"recent"`
}

// Recent is what an export has done in the last seconds, a second.
type Recent struct {
	Reads      float64 `json:"reads"`
	ReadBytes  float64 `json:"readBytes"`
	Writes     float64 `json:"writes"`
	WriteBytes float64 `json:"writeBytes"`
	P50        float64 `json:"p50"`
	P99        float64 `json:"p99"`
}

// Users is what initiators have made of an export, and who they are.
type Users struct {
	Config      string      `json:"config"`
	Masks       []string    `json:"masks"`
	Reservation []string    `json:"reservation"`
	Initiators  []Initiator `json:"initiators"`
}

// Initiator is one that has read, written or flushed an export.
type Initiator struct {
	MAC      string  `json:"mac"`
	Link     string  `json:"link"`
	Idle     float64 `json:"idle"` // seconds since it was seen last
	Requests uint64  `json:"requests"`
	Repeated uint64  `json:"repeated"`
	Reserved bool    `json:"reserved"` // the export is reserved for it
	Masked   bool    `json:"masked"`   // the masks leave it out
}

// Link is the condition of a link, and its counters since it was opened, in
// frames.
type Link struct {
	Name       string `json:"name"`
	Down       string `json:"down,omitempty"` // why it carries no frames
	Receive    string `json:"receive"`
	WhyReceive string `json:"whyReceive,omitempty"`
	Send       string `json:"send"`
	WhySend    string `json:"whySend,omitempty"`
	Received   uint64 `json:"received"`
	Ignored    uint64 `json:"ignored"`
	Sent       uint64 `json:"sent"`
	Unsent     uint64 `json:"unsent"`
	Dropped    uint64 `json:"dropped"`
}

// linksOf returns the counters of the links that an export is served on or,
// without an export, of all links.
func linksOf(all []stats.Link, e *stats.Export) []Link {
	var links []Link
	for i := range all {
		l := &all[i]
		if e == nil || slices.Contains(e.Links, l.Name) {
			links = append(links, Link{l.Name, l.Down, l.Receive, l.WhyReceive, l.Send, l.WhySend, l.Received, l.Ignored, l.Sent, l.Unsent, l.Dropped})
		}
	}
	return links
}

// measure adds to st what was counted of the export, of whose links those that down
// has carry no frames.
func (st *status) measure(e *stats.Export, down map[string]bool) {
	st.Figures = &Figures{
		Reads: e.Reads, ReadBytes: e.ReadBytes, Writes: e.Writes, WriteBytes: e.WriteBytes, Flushes: e.Flushes,
		Errors: errorsByKind(e), Masked: e.Masked, Shed: e.Shed, Repeated: e.Repeated,
		InFlight: e.InFlight, Oldest: e.Oldest.Seconds(), Initiators: e.Initiators,
		Recent: Recent{
			tenth(e.Recent.Reads), tenth(e.Recent.ReadBytes), tenth(e.Recent.Writes), tenth(e.Recent.WriteBytes),
			e.Recent.P50.Seconds(), e.Recent.P99.Seconds(),
		},
	}
	for i, name := range e.Links {
		if down[name] && i < len(st.Links) {
			st.Down = append(st.Down, st.Links[i])
		}
	}
	if st.State != Up {
		return
	}
	switch {
	case e.Hanging:
		st.State = DiskHangs
	case e.FlushFailed:
		st.State = FlushFailed
	case e.Failing:
		st.State = DiskFailing
	case len(st.Down) == len(st.Links):
		st.State = NoLink
	}
}

// tenth rounds to a tenth.
func tenth(f float64) float64 { return math.Round(f*10) / 10 }

// errorsByKind returns the errors of an export of the kinds that there are.
func errorsByKind(e *stats.Export) map[string]uint64 {
	kinds := make(map[string]uint64)
	for f, n := range e.Errors {
		if n > 0 {
			kinds[blade.Fault(f).String()] = n
		}
	}
	return kinds
}

// usersOf returns who uses an export.
func usersOf(u *stats.Users) *Users {
	all := &Users{
		Config:      strings.ToValidUTF8(string(u.Config), "\ufffd"),
		Masks:       encodeMACs(u.Masks),
		Reservation: encodeMACs(u.Reservation),
		Initiators:  []Initiator{},
	}
	has := func(list []aoe.MAC, m aoe.MAC) bool { return slices.Contains(list, m) }
	for _, i := range u.Initiators {
		all.Initiators = append(all.Initiators, Initiator{
			MAC: hex.EncodeToString(i.MAC[:]), Link: i.Link, Idle: float64(i.Idle.Milliseconds()) / 1000,
			Requests: i.Requests, Repeated: i.Repeated,
			Reserved: has(u.Reservation, i.MAC), Masked: len(u.Masks) > 0 && !has(u.Masks, i.MAC),
		})
	}
	return all
}
