// SPDX-License-Identifier: GPL-2.0-only

package blade

import (
	"vblade/internal/aoe"
	"vblade/internal/ata"
)

// acceptATA starts an ATA command (section 2).
func (b *Blade) acceptATA(r *Request) {
	f := r.Frame
	c := ata.Command{Opcode: f.ATACommand(), Count: f.ATACount(), LBA: f.ATALBA()}
	if b.reservedAgainst(f.Src()) && c.Opcode != ata.Identify {
		r.fail(aoe.ErrReserved)
		r.answer(aoe.MinLen)
		return
	}
	data := r.Buf[aoe.ATALen:max(aoe.ATALen, r.room)]
	work, result, err := b.disk.Start(c, data, len(f)-aoe.ATALen, r.wire.Sectors)
	if err != nil {
		r.fail(aoe.ErrArgument)
		r.answer(aoe.MinLen)
		return
	}
	r.command, r.Work = c, work
	if !r.Waits() {
		r.answerATA(result)
	}
}

// answerATA puts a command's result into the frame. The reply carries the data of
// the sectors that were done, except for a write or a command without sectors.
func (r *Request) answerATA(result ata.Result) {
	f := r.Frame
	asked := f.ATACount()
	n := aoe.MinLen
	if f.ATAFlags()&aoe.ATAWrite == 0 && asked != 0 {
		// CheckPower's count is not a number of sectors: it can exceed the
		// request's.
		n = aoe.ATALen + ata.SectorSize*max(0, int(asked)-int(result.Count))
	}
	f.SetATAResult(result.Status, result.Error, result.Count)
	r.Fault = ataFault(result)
	r.answer(n)
}
