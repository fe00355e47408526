// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/statefile"
)

// Export is what a server serves under an address.
type Export struct {
	Shelf    uint16
	Slot     uint8
	Links    []string  // names of interfaces, each once
	HWAddr   []aoe.MAC // addresses of its own, one for each of Links; empty for those of the links
	Filename string    // as the process that opened it sees it; to be shown, never opened
	Conf     string    // the path of the conf file that it is from; empty for none
	File     ata.Options
	Buffers  uint16 // advertised
	Masks    []aoe.MAC
	Serial   string        // in IDENTIFY; empty for one made of the address and the host's name
	FailStop bool          // it is withdrawn once its disk is gone or broken
	Announce time.Duration // advertised again and again, so often; 0 for at the start only
	Disk     *ata.File
	State    *statefile.File // where what initiators set is kept; nil where it is not

	Exclusive bool // it is not served where another target has its address already

	remarks []string // for the client that has added it
}

// Address returns the export's address.
func (e *Export) Address() aoe.Address { return aoe.Address{Shelf: e.Shelf, Slot: e.Slot} }

// Name is the address as initiators write it, such as e9.0.
func (e *Export) Name() string { return e.Address().String() }

// sectors returns the size of the export.
func (e *Export) sectors() int64 { return e.Disk.Size() / ata.SectorSize }
