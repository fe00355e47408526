// SPDX-License-Identifier: GPL-2.0-only

package server

import "vblade/internal/ata"

// An export with Options.Failed stops answering once its disk is gone or broken
// (ata.IsGone): neither the request that has failed, nor those in flight, nor
// later ones are answered. An initiator repeats requests without an answer, and
// so has time until another host serves the disk; an error would fail its file
// system. Failed is called once with the error, in a goroutine of its own, and
// removes the export.

// note notes how work of the disk has ended, before the reply is made.
func (e *export) note(work ata.Work, err error) {
	e.health.note(work, err)
	if e.failed != nil && ata.IsGone(err) && !e.mute.Swap(true) {
		e.health.log.Errorf("%s: the disk is gone or broken; nothing is answered any more", e.health.name)
		go e.failed(err)
	}
}

// hush removes the reply of a request if its export has stopped answering.
func (r *request) hush() {
	if r.export.mute.Load() {
		r.Reply = 0
	}
}
