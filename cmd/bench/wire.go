// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package main

import (
	"time"

	"vblade/internal/initiator"
	"vblade/test/lab"
)

// wire is a virtual wire between a target and the load.
type wire struct {
	target, load string // the interfaces at its ends
	mtu          int
	polls        bool // the load polls for replies
}

// wires are the wires of the benchmark. On most the load polls: over a real
// wire a target does not pay for waking its initiator, and the initiator's
// sleep is no part of the target's latency. Where the load's CPU has a slow
// disk or its kernel threads to run, it sleeps.
var wires = []wire{
	{"tgt0", "ini0", 1500, true},
	{"tgt1", "ini1", 9000, true},
	{"tgt2", "ini2", 1500, false},
}

// wire returns the wire that the workload runs on.
func (w workload) wire() wire {
	polls := w.disk == cachedDisk || w.disk == noDisk
	for _, x := range wires {
		if x.mtu == w.mtu && x.polls == polls {
			return x
		}
	}
	panic("no wire for " + w.name())
}

// lost is when a request is taken for lost for good: the target has ended.
const lost = 5 * time.Second

// lay lays the wire and opens an initiator at its end.
func (w wire) lay(host *lab.Host) (ini *initiator.Initiator, err error) {
	if err := host.Wire(w.target, w.load, w.mtu); err != nil {
		return nil, err
	}
	err = host.Do(func() error {
		ini, err = initiator.Open(w.load, initiator.Options{Poll: w.polls, Sleep: !w.polls, Fast: true, Patience: lost})
		return err
	})
	return ini, err
}
