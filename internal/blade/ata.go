// SPDX-License-Identifier: GPL-2.0-only

package blade

import (
	"vblade/internal/aoe"
	"vblade/internal/ata"
)

// acceptATA starts an ATA command (section 2).
func (b *Blade) acceptATA(r *request) {
	f := r.frame
	c := ata.Command{Opcode: f.ATACommand(), Count: f.ATACount(), LBA: f.ATALBA()}
	if b.reservedAgainst(f.Src()) && c.Opcode != ata.Identify {
		r.fail(aoe.ErrReserved)
		r.answer(aoe.MinLen)
		return
	}
	data := r.buf[aoe.ATALen:max(aoe.ATALen, r.room)]
	work, result, err := b.disk.Start(c, data, len(f)-aoe.ATALen, r.port.sectors)
	if err != nil {
		r.fail(aoe.ErrArgument)
		r.answer(aoe.MinLen)
		return
	}
	r.command, r.work = c, work
	if !r.waits() {
		r.answerATA(result)
	}
}

// complete answers a request whose work ended with n sectors done and err. One
// that only had to wait has its answer already.
func (r *request) complete(n int, err error) {
	if r.work.Op != ata.OpNone {
		r.answerATA(r.command.Finish(n, err))
	}
}

// answerATA puts a command's result into the frame. The reply carries the data
// of the sectors that were done, but for a write and for a command of no sectors.
func (r *request) answerATA(result ata.Result) {
	f := r.frame
	asked := f.ATACount()
	n := aoe.MinLen
	if f.ATAFlags()&aoe.ATAWrite == 0 && asked != 0 {
		// CheckPower's count is no number of sectors: it can exceed what was asked.
		n = aoe.ATALen + ata.SectorSize*max(0, int(asked)-int(result.Count))
	}
	f.SetATAResult(result.Status, result.Error, result.Count)
	r.fault = ataFault(result)
	r.answer(n)
}
