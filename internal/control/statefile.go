// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"vblade/internal/blade"
	"vblade/internal/statefile"
)

// stateFile describes an export's state file, and says which of the descriptors
// is that of the file.
type stateFile struct {
	Path string `json:"path"` // as the process that opened it sees it; shown, never opened
	ID   string `json:"id"`   // statefile.File.ID
}

// openState takes the descriptor of e's state file, if it has one, from those
// that were received, and returns the others.
func (p *parameters) openState(e *Export, files []*os.File) ([]*os.File, error) {
	if p.StateFile == nil {
		return files, nil
	}
	if err := checkFilename("state file", p.StateFile.Path); err != nil {
		return files, err
	}
	at := -1
	for i, file := range files {
		switch id, err := statefile.ID(file); {
		case err != nil || id != p.StateFile.ID:
		case at >= 0:
			return files, fmt.Errorf("two descriptors are of %s, where state is kept; keep it in a file of its own", p.StateFile.Path)
		default:
			at = i
		}
	}
	if at < 0 {
		return files, fmt.Errorf("no descriptor is of %s, where state is to be kept", p.StateFile.Path)
	}
	file := files[at]
	files = slices.Delete(files, at, at+1)
	var err error
	e.State, err = statefile.FromDescriptor(p.StateFile.Path, e.Address(), file)
	return files, err
}

// sameState reports whether e and other keep their state in one file, or not at
// all.
func (e *Export) sameState(other *Export) bool {
	if e.State == nil || other.State == nil {
		return e.State == other.State
	}
	return e.State.ID() == other.State.ID()
}

// Prevail makes the masks that e is added with replace those that initiators have
// set. It returns the state with the latter, or nil if there were none. It is for
// an export that is added, not for one that goes on after a restart or in another
// process.
func (e *Export) Prevail() (before *blade.State, err error) {
	if e.State == nil || len(e.Masks) == 0 {
		return nil, nil
	}
	if err := e.State.Lock(); err != nil {
		return nil, err
	}
	kept, err := e.State.Load()
	if err != nil && !statefile.IsInvalid(err) || err == nil && !kept.Masked() {
		return nil, err
	}
	if err != nil {
		return nil, nil // the engine says so
	}
	now := *kept
	now.DropMasks()
	return kept, e.State.Save(&now)
}

// GaveWay says that Prevail has found masks.
func (e *Export) GaveWay() string {
	return e.Name() + ": the masks that initiators had set give way to those that it is added with"
}

// begin serves an export that is added, and that checkAlone does not refuse.
func (s *Server) begin(e *Export) error {
	before, err := e.Prevail()
	if err == nil {
		err = s.Engine.Add(*e)
	}
	switch {
	case before == nil:
	case err != nil:
		e.State.Save(before)
	default:
		e.remarks = append(e.remarks, e.GaveWay())
		s.Log.Warnf("%s", e.GaveWay())
	}
	return err
}

// inherit makes e, which replaces old, use the same opening of the state file as
// old, if it is the same file, because that opening has the lock.
func (e *Export) inherit(old *Export) error {
	if e.State == nil || !e.sameState(old) {
		return nil
	}
	own, err := old.State.Duplicate()
	if err != nil {
		return err
	}
	e.State.Close()
	e.State = own
	return nil
}

// files returns the descriptors of the disk and of the state, which still belong
// to these.
func (e *Export) files() []*os.File {
	files := e.Disk.Descriptors()
	if e.State != nil {
		files = append(files, e.State.Descriptor())
	}
	return files
}

// duplicate returns another Export with duplicates of the descriptors.
func (e *Export) duplicate() (*Export, error) {
	d := *e
	var err error
	if d.Disk, err = e.Disk.Duplicate(); err != nil {
		return nil, err
	}
	if e.State == nil {
		return &d, nil
	}
	if d.State, err = e.State.Duplicate(); err != nil {
		d.Disk.Close()
		return nil, err
	}
	return &d, nil
}

// Close closes the disk and the state file.
func (e *Export) Close() error {
	err := e.Disk.Close()
	if e.State != nil {
		err = errors.Join(err, e.State.Close())
	}
	return err
}
