// SPDX-License-Identifier: GPL-2.0-only

package server

import "vblade/internal/ata"

// An export with Options.Failed answers nothing any more once its disk is gone
// or broken (ata.IsGone): not the request that has found that out, nor what is in
// flight, nor what comes. An initiator repeats what is not answered, and has time
// until another host serves the disk; an error would fail its file system. Failed is
// called once with the error, in a goroutine of its own; whoever is called removes the
// export.

// note takes how work ended that the disk was asked for, before the reply is made
// ready to be sent.
func (e *export) note(work ata.Work, err error) {
	e.health.note(work, err)
	if e.failed != nil && ata.IsGone(err) && !e.mute.Swap(true) {
		e.health.log.Errorf("%s: the disk is gone or broken; nothing is answered any more", e.Name())
		go e.failed(err)
	}
}

// hush takes a request's reply away where its export answers nothing any more.
func (r *request) hush() {
	if r.export.mute.Load() {
		r.Reply = 0
	}
}
