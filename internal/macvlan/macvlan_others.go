// SPDX-License-Identifier: GPL-2.0-only

//go:build !linux

package macvlan

import (
	"context"
	"errors"
)

// errNone says that there are no such interfaces.
var errNone = errors.New("an export has an address of its own (--hwaddr) on Linux only; leave it out")

// Make refuses.
func (i Interface) Make(bool) (bool, error) { return false, errNone }

// Readdress refuses.
func (i Interface) Readdress([6]byte) error { return errNone }

// Up refuses.
func (i Interface) Up() error { return errNone }

// Remove has nothing to remove.
func (i Interface) Remove() error { return nil }

// Keeper keeps nothing.
type Keeper struct{}

// NewKeeper refuses.
func NewKeeper([]Interface, Log) (*Keeper, error) { return nil, errNone }

// Run keeps nothing.
func (k *Keeper) Run(context.Context) {}
