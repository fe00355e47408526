// SPDX-License-Identifier: GPL-2.0-only

//go:build !linux

package fdstore

import (
	"errors"
	"os"
)

// Store keeps nothing on this system (BUG 2).
type Store struct{}

// Kept is what was kept under a name.
type Kept struct {
	Name       string
	Parameters []byte
	Files      []*os.File
}

// New returns nil: there is no store on this system.
func New() *Store { return nil }

// Keep is not supported on this system.
func (*Store) Keep(string, []byte, []*os.File) error { return errors.ErrUnsupported }

// Drop is not supported on this system.
func (*Store) Drop(string) error { return errors.ErrUnsupported }

// Restore returns nothing.
func (*Store) Restore() ([]Kept, []error) { return nil, nil }
