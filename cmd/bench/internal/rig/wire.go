// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package rig

import (
	"fmt"
	"time"

	"vblade/cmd/bench/internal/plan"
	"vblade/internal/initiator"
	"vblade/test/lab"
	"vblade/test/peer"
)

// Wire is a virtual wire between a target and the load.
type Wire struct {
	Target, Load string // the interfaces at its ends
	MTU          int
	Polls        bool // the load polls for replies
}

// wires are the wires of the benchmark. The last is the second link of a target.
var wires = []Wire{
	{"tgt0", "ini0", 1500, true},
	{"tgt1", "ini1", 9000, true},
	{"tgt2", "ini2", 1500, false},
	{"tgt3", "ini3", 1500, false},
}

// WiresOf returns the wires that a workload runs on.
func WiresOf(w plan.Workload) ([]Wire, error) {
	var found []Wire
	for _, x := range wires {
		if x.MTU == w.MTU && x.Polls == w.Polls() && len(found) < max(1, w.Host.Links) {
			found = append(found, x)
		}
	}
	if len(found) < max(1, w.Host.Links) {
		return nil, fmt.Errorf("no wire for %s", w.Name())
	}
	return found, nil
}

// lost is when a request is taken for lost for good: the target has ended.
const lost = 5 * time.Second

// Initiators are the load's ends of the wires.
type Initiators map[Wire]*initiator.Initiator

// LayWires lays all wires and opens an initiator at the end of each.
func LayWires(host *lab.Host) (Initiators, error) {
	all := make(Initiators)
	for _, w := range wires {
		if err := host.Wire(w.Target, w.Load, w.MTU); err != nil {
			return all, err
		}
		ini, err := w.Open(host, initiator.Options{Patience: lost})
		if err != nil {
			return all, err
		}
		all[w] = ini
	}
	return all, nil
}

// Close closes the initiators.
func (all Initiators) Close() {
	for _, ini := range all {
		ini.Close()
	}
}

// Open opens another initiator at the load's end of the wire.
func (w Wire) Open(host *lab.Host, o initiator.Options) (*initiator.Initiator, error) {
	o.Poll, o.Sleep, o.Fast = w.Polls, !w.Polls, true
	return peer.OpenInitiator(host, w.Load, o)
}
