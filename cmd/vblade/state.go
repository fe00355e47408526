// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"fmt"
	"time"

	"vblade/internal/blade"
	"vblade/internal/control"
	"vblade/internal/journal"
	"vblade/internal/statefile"
)

// noState is the value of --state that keeps nothing.
const noState = "none"

// openState opens the state file of an export in the directory of --state, or
// else in the directory given here. With neither nothing is kept, and the file is
// nil. The warning says what was set aside.
func (o options) openState(otherwise string) (f *statefile.File, warning, err error) {
	dir := o.stateDirectory(otherwise)
	if dir == "" {
		return nil, nil, nil
	}
	f, warning, err = statefile.Open(dir, o.address())
	if err != nil {
		return nil, nil, fmt.Errorf("%w; --state names another directory for what initiators set, or none", err)
	}
	return f, warning, nil
}

// stateDirectory returns the directory of --state, or else the one given here; it
// is empty if nothing is kept.
func (o options) stateDirectory(otherwise string) string {
	switch o.state {
	case "":
		return otherwise
	case noState:
		return ""
	}
	return o.state
}

// findState returns what openState would return if nothing has to be made or
// repaired. It changes nothing.
func (o options) findState(otherwise string) (*statefile.File, error) {
	dir := o.stateDirectory(otherwise)
	if dir == "" {
		return nil, nil
	}
	return statefile.Find(dir, o.address())
}

// How long an export waits for its state file while another process has it, which
// may be ending.
const (
	stateWait = endWithin + time.Second
	stateLook = 50 * time.Millisecond
)

// awaitState is openState for the export of this process, and waits until no
// other process has the file.
func (o options) awaitState() (f *statefile.File, warning, err error) {
	for late := time.Now().Add(stateWait); ; time.Sleep(stateLook) {
		f, warning, err = o.openState("")
		if err != nil || f == nil || !f.InUse() {
			return f, warning, err
		}
		f.Close()
		if time.Now().After(late) {
			return nil, nil, f.ErrInUse()
		}
	}
}

// load reads the state of an export; it is nil if no state is kept. If the state
// cannot be used, the export starts as a new one.
func (s *site) load(e *control.Export) (*blade.State, error) {
	if e.State == nil {
		return nil, nil
	}
	if err := e.State.Lock(); err != nil {
		return nil, err
	}
	kept, err := e.State.Load()
	if statefile.IsInvalid(err) {
		s.log.Errorf("%s: %v: config string, masks and reservation that were kept are not in force", journal.Export(e.Name()), err)
		return new(blade.State), nil
	}
	if err == nil && *kept != (blade.State{}) {
		s.log.Infof("%s: goes on with what initiators have set: %s", journal.Export(e.Name()), describeState(kept))
	}
	return kept, err
}

// describeState says what is kept.
func describeState(kept *blade.State) string {
	text := fmt.Sprintf("a config string of %d bytes", len(kept.Config()))
	if kept.Masked() {
		text += fmt.Sprintf(", %d masks", len(kept.Masks()))
	}
	if n := len(kept.Reservation()); n > 0 {
		text += fmt.Sprintf(", a reservation for %d MACs", n)
	}
	return text
}
