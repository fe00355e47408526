// SPDX-License-Identifier: GPL-2.0-only

package initiator

import (
	"errors"
	"fmt"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
)

// ATAError means that a target's disk refused a command.
type ATAError struct {
	Target  string
	Command uint8
	LBA     uint64
	Status  uint8
	Err     uint8
	Left    uint8 // sectors not done
}

// Error returns the message.
func (e *ATAError) Error() string {
	return fmt.Sprintf("%s: ATA command %#02x at sector %d failed: status %#02x, error %#02x, %d sectors not done",
		e.Target, e.Command, e.LBA, e.Status, e.Err, e.Left)
}

// AoEError means that a target refused a request.
type AoEError struct {
	Target string
	Code   aoe.Error
}

// Error returns the message.
func (e *AoEError) Error() string {
	return fmt.Sprintf("%s: AoE error %d", e.Target, e.Code)
}

// errUnaligned is returned for transfers of partial sectors.
var errUnaligned = errors.New("offset and length must be multiples of 512 bytes")

// header writes the header of a request to the target.
func (t *Target) header(f aoe.Frame, c aoe.Command) {
	clear(f[:aoe.MinLen])
	f.SetHeader(aoe.Version, 0, c)
	f.SetDst(t.MAC)
	f.SetTarget(t.Shelf, t.Slot)
}

// Command writes an ATA request into f and returns its length without data.
func (t *Target) Command(f aoe.Frame, flags aoe.ATAFlag, opcode, count uint8, lba uint64) int {
	t.header(f, aoe.CommandATA)
	f.SetATARequest(flags, opcode, count, lba)
	return aoe.MinLen
}

// Check returns the error in an ATA reply to opcode.
func (t *Target) Check(f aoe.Frame, opcode uint8) error {
	switch {
	case f.Has(aoe.FlagError):
		return &AoEError{t.Name(), f.Error()}
	case len(f) < aoe.ATALen:
		return fmt.Errorf("%s: ATA reply of only %d bytes", t.Name(), len(f))
	case f.ATAStatus()&(ata.StatusError|ata.StatusFault) != 0:
		return &ATAError{t.Name(), opcode, f.ATALBA(), f.ATAStatus(), f.ATAError(), f.ATACount()}
	}
	return nil
}

// single runs one ATA command without an address.
func (t *Target) single(opcode, count uint8, reply func(aoe.Frame) error) error {
	return t.initiator.Run(Exchange{
		Requests: 1,
		Window:   1,
		Build:    func(_ int, f aoe.Frame) int { return t.Command(f, 0, opcode, count, 0) },
		Reply: func(_ int, f aoe.Frame, _ time.Duration) error {
			if err := t.Check(f, opcode); err != nil {
				return err
			}
			return reply(f)
		},
	})
}

// Flush returns once every write answered before is durable.
func (t *Target) Flush() error {
	return t.single(ata.FlushCacheExt, 0, func(aoe.Frame) error { return nil })
}

// piece returns the part that request k carries of a transfer of size bytes.
func (t *Target) piece(k, size int) (from, to int) {
	from = k * t.Sectors * ata.SectorSize
	return from, min(size, from+t.Sectors*ata.SectorSize)
}

// transfer runs the exchange of a read or write of p at the byte offset off.
func (t *Target) transfer(p []byte, off int64, build func(f aoe.Frame, part []byte, lba uint64) int, reply func(f aoe.Frame, part []byte) error) (int, error) {
	if off%ata.SectorSize != 0 || len(p)%ata.SectorSize != 0 {
		return 0, fmt.Errorf("%s: %d bytes at %d: %w", t.Name(), len(p), off, errUnaligned)
	}
	unit := t.Sectors * ata.SectorSize
	if unit == 0 {
		return 0, fmt.Errorf("%s: no frame holds a sector: the MTU is too small", t.Name())
	}
	err := t.initiator.Run(Exchange{
		Requests: (len(p) + unit - 1) / unit,
		Window:   t.window,
		Build: func(k int, f aoe.Frame) int {
			from, to := t.piece(k, len(p))
			return build(f, p[from:to], uint64(off+int64(from))/ata.SectorSize)
		},
		Reply: func(k int, f aoe.Frame, _ time.Duration) error {
			from, to := t.piece(k, len(p))
			return reply(f, p[from:to])
		},
	})
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// ReadAt fills p from the byte offset off of the disk. Both are multiples of the
// sector size.
func (t *Target) ReadAt(p []byte, off int64) (int, error) {
	return t.transfer(p, off,
		func(f aoe.Frame, part []byte, lba uint64) int {
			return t.Command(f, aoe.ATAExtended, ata.ReadExt, uint8(len(part)/ata.SectorSize), lba)
		},
		func(f aoe.Frame, part []byte) error {
			if err := t.Check(f, ata.ReadExt); err != nil {
				return err
			}
			if len(f) < aoe.ATALen+len(part) {
				return fmt.Errorf("%s: reply of %d bytes to a read of %d", t.Name(), len(f), len(part))
			}
			copy(part, f[aoe.ATALen:])
			return nil
		})
}

// WriteAt writes p at the byte offset off of the disk. Both are multiples of the
// sector size.
func (t *Target) WriteAt(p []byte, off int64) (int, error) {
	return t.transfer(p, off,
		func(f aoe.Frame, part []byte, lba uint64) int {
			t.Command(f, aoe.ATAExtended|aoe.ATAWrite, ata.WriteExt, uint8(len(part)/ata.SectorSize), lba)
			return aoe.ATALen + copy(f[aoe.ATALen:], part)
		},
		func(f aoe.Frame, _ []byte) error { return t.Check(f, ata.WriteExt) })
}
