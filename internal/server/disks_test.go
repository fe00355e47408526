// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"vblade/internal/ata"
	"vblade/test/frametest"
)

// diskKind is what a disk can tell about what it would have to wait for: the
// replies must not depend on it.
type diskKind int

// The kinds of disks.
const (
	plainDisk diskKind = iota // it cannot tell
	quickDisk                 // nothing that succeeds has to be waited for
	lateDisk                  // everything has to be waited for
	diskKinds
)

// String names the kind.
func (k diskKind) String() string {
	return [...]string{"a disk that cannot tell", "a quick disk", "a late disk"}[k]
}

// of returns store as a disk of the kind.
func (k diskKind) of(store *frametest.Store) ata.Store {
	if k == plainDisk {
		return store
	}
	return tryDisk{store, k}
}

// tryDisk is a store that can tell.
type tryDisk struct {
	*frametest.Store
	kind diskKind
}

// TryReadAt is ReadAt where that needs no waiting.
func (d tryDisk) TryReadAt(vecs [][]byte, off int64) error {
	if d.kind == lateDisk {
		return ata.ErrWouldWait
	}
	if _, err := d.ReadAt(vecs, off); err != nil {
		return ata.ErrWouldWait // as for a file, whose errors ReadAt reports
	}
	return nil
}
