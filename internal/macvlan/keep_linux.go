// SPDX-License-Identifier: GPL-2.0-only

package macvlan

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// retry is when to try again after an error. Only what fails twice is logged,
// because the parent may change while it is looked at.
const retry = 250 * time.Millisecond

// Keeper keeps interfaces as Make and Up have left them: it makes them again when
// their parents exist again, and makes them follow the parents' MTU.
type Keeper struct {
	interfaces []Interface
	events     conn // hears
	queries    conn // asks and changes
	log        Log
	failures   []int // of each interface, one after the other
}

// NewKeeper returns a Keeper of existing interfaces. It learns of all changes
// from now on.
func NewKeeper(interfaces []Interface, log Log) (*Keeper, error) {
	events, err := dial(unix.RTMGRP_LINK)
	if err != nil {
		return nil, err
	}
	queries, err := dial(0)
	if err != nil {
		events.Close()
		return nil, err
	}
	return &Keeper{interfaces, events, queries, log, make([]int, len(interfaces))}, nil
}

// Run keeps the interfaces until ctx ends, and closes the Keeper.
func (k *Keeper) Run(ctx context.Context) {
	defer k.queries.Close()
	defer k.events.Close()
	stop := context.AfterFunc(ctx, func() { k.events.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	for ctx.Err() == nil {
		healthy := k.look()
		if healthy {
			_, err := k.events.Receive()
			healthy = err == nil // otherwise messages were lost
		}
		if !healthy {
			select {
			case <-ctx.Done():
			case <-time.After(retry):
			}
		}
	}
}

// look corrects the interfaces, and reports whether it could. Without a parent
// there is nothing to do: it is a change when one appears.
func (k *Keeper) look() bool {
	all := true
	for n, i := range k.interfaces {
		made, err := k.queries.make(i, false)
		if err == nil && made {
			err = k.queries.up(i)
		}
		switch {
		case err == nil && made:
			k.log.Infof("interface %v is made again", i)
			fallthrough
		case err == nil, errors.Is(err, ErrNoParent):
			k.failures[n] = 0
			continue
		}
		all = false
		if k.failures[n]++; k.failures[n] == 2 {
			k.log.Warnf("%v; retrying", err)
		}
	}
	return all
}
