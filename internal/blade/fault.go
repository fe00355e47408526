// SPDX-License-Identifier: GPL-2.0-only

package blade

import (
	"vblade/internal/aoe"
	"vblade/internal/ata"
)

// Fault says why a request was refused: one of AoE's error codes (section 1),
// or what the ATA registers say (section 2).
type Fault uint8

// The faults.
const (
	FaultNone     = Fault(0)
	FaultCommand  = Fault(aoe.ErrCommand)
	FaultArgument = Fault(aoe.ErrArgument)
	FaultDevice   = Fault(aoe.ErrDevice) // what the request changes cannot be kept
	FaultConfig   = Fault(aoe.ErrConfig)
	FaultReserved = Fault(aoe.ErrReserved)
	FaultNotFound = FaultReserved + 1 // IDNF: no such sector
	FaultAborted  = FaultReserved + 2 // ABRT: the command is unknown, or writes to a read-only export
	FaultDisk     = FaultReserved + 3 // ABRT: the disk failed
	Faults        = int(FaultDisk) + 1
)

// String returns the fault in the terms of the protocol.
func (f Fault) String() string {
	return [Faults]string{"none", "unrecognized command", "bad argument", "device unavailable",
		"config string present", "unsupported version", "reserved", "not found", "aborted", "disk failed"}[f]
}

// ataFault returns the fault of an ATA command's result. Complete corrects it if
// the disk has failed.
func ataFault(r ata.Result) Fault {
	switch {
	case r.Status&ata.StatusError == 0:
		return FaultNone
	case r.Error&ata.ErrorNotFound != 0:
		return FaultNotFound
	}
	return FaultAborted
}
