// SPDX-License-Identifier: GPL-2.0-only

package differential

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"vblade/internal/aoe"
)

// The export of every leg.
const (
	shelf       uint16 = 9
	slot        uint8  = 3
	fileSectors        = 1000
)

// target is the address of both programs' interfaces.
var target = aoe.MAC{2, 0, 0, 0, 0, 1}

// leg is a run with one MTU and one set of options.
type leg struct {
	name    string
	mtu     int      // of the wires, in bytes
	options []string // of both programs, without -b and -m
	buffers uint16   // what -b gives; 0: no -b
	masks   int      // how many MACs -m gives
	sectors int      // exported
	share   int      // of the run's frames, in percent
	quiet   bool     // provoke no defect of the C program
	sweep   bool     // cut frames of every kind at every length, and no others
}

// legs are the legs of a run.
var legs = []leg{
	{name: "quiet", mtu: 1500, sectors: fileSectors, share: 18, quiet: true},
	{name: "quiet-jumbo-masks", mtu: 9000, masks: 2, sectors: fileSectors, share: 10, quiet: true},
	{name: "quiet-read-only", mtu: 1500, options: []string{"-r", "-l", "0x200"}, sectors: 0x200, share: 6, quiet: true},
	{name: "sweep", mtu: 1500, sectors: fileSectors, sweep: true},
	{name: "plain", mtu: 1500, sectors: fileSectors, share: 22},
	{name: "jumbo", mtu: 9000, sectors: fileSectors, share: 14},
	{name: "read-only", mtu: 1500, options: []string{"-r"}, sectors: fileSectors, share: 8},
	{name: "masks", mtu: 1500, buffers: 24, masks: 1, sectors: fileSectors, share: 7},
	{name: "window", mtu: 1500, options: []string{"-s", "-o", "0x11", "-l", "0100"}, sectors: 64, share: 5},
	{name: "jumbo-masks-read-only", mtu: 9000, options: []string{"-r", "-o", "600"}, masks: 7, sectors: fileSectors - 600, share: 4},
	{name: "full-masks", mtu: 1500, masks: cMostMasks, sectors: fileSectors, share: 3},
	// Here no frame has room for a sector; in the second a sector would fit if the
	// MTU counted the Ethernet header.
	{name: "narrow", mtu: 256, buffers: 64, sectors: fileSectors, share: 3},
	{name: "nearly-a-sector", mtu: 540, buffers: 64, sectors: fileSectors, share: 2},
}

// room is the longest frame that a blade can send on the leg, in bytes.
func (l leg) room() int { return l.mtu + aoe.EthernetHeaderLen }

// transfer is the most sectors in a frame (section 2: scnt).
func (l leg) transfer() int { return max(0, l.mtu-aoe.ATALen) / sectorSize }

// listed returns the MACs that -m gives.
func (l leg) listed() []aoe.MAC {
	list := make([]aoe.MAC, l.masks)
	for i := range list {
		list[i] = initiator(i)
	}
	return list
}

// bufferCount returns how many requests a blade says it queues.
func (l leg) bufferCount() uint16 {
	if l.buffers == 0 {
		return 16
	}
	return l.buffers
}

// arguments returns the command line that exports file on netif.
func (l leg) arguments(netif, file string) []string {
	args := slices.Clone(l.options)
	if l.buffers > 0 {
		args = append(args, "-b", fmt.Sprint(l.buffers))
	}
	if l.masks > 0 {
		var macs []string
		for _, m := range l.listed() {
			macs = append(macs, fmt.Sprintf("%x", m[:]))
		}
		args = append(args, "-m", strings.Join(macs, ","))
	}
	return append(args, fmt.Sprint(shelf), fmt.Sprint(slot), netif, file)
}

// source returns the leg's stream of chance.
func (l leg) source(seed uint64) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(l.name))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// The most frames in a group, so that the C program's receive buffer holds them
// even where each is a jumbo frame, and the most complaints of a leg.
const (
	mostInGroup    = 8
	mostComplaints = 5
)

// leg runs a leg.
func (r *run) leg(t *testing.T, l leg) {
	p := newPair(t, r, l)
	g := &generator{rng: l.source(r.seed), model: p.model}
	if l.sweep {
		g.queue = g.sweep()
	}
	left := r.frames * l.share / 100
	if l.sweep {
		left = len(g.queue)
	}
	for left > 0 && p.complaints < mostComplaints {
		group := g.group(min(left, mostInGroup))
		left -= len(group)
		p.try(group, g.sentinel(group[len(group)-1].index))
	}
	p.end()
}
