// SPDX-License-Identifier: GPL-2.0-only

package ata

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// The errors of Refresh.
var (
	errNoMedium  = errors.New("the device is gone or empty")
	errOldFile   = errors.New("it was removed or replaced: unless it has another name, what is written is lost when vblade ends; restart vblade")
	errOldDevice = errors.New("the name leads to another device now, or to none; restart vblade to serve that")
)

// Refresh updates the size of the file or device, and checks that its path still
// leads to it. During a call, which may hang with the disk, others return
// ErrWouldWait. Unlike the other methods it allocates.
func (f *File) Refresh() error {
	if !f.looking.TryLock() {
		return ErrWouldWait
	}
	defer f.looking.Unlock()
	bytes, err := f.bytes()
	if err == nil && bytes == 0 && isDisk(f.info.Mode()) {
		err = errNoMedium
	}
	if err != nil {
		return fmt.Errorf("find the size of %s: %w", f.path, err)
	}
	f.resize(bytes)
	return f.checkPath()
}

// resize fits the window to a file of a size in bytes.
func (f *File) resize(bytes int64) {
	left := max(0, bytes/SectorSize*SectorSize-f.start)
	if f.length > 0 {
		left = min(left, f.length)
	}
	f.size.Store(left)
}

// checkPath returns an error if the path does not lead to the file any more. It
// is no error if this cannot be found out.
func (f *File) checkPath() error {
	if f.foreign {
		return nil
	}
	info, err := os.Stat(f.path)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist), err == nil && isSame(info, f.info):
		return nil
	case isDisk(f.info.Mode()):
		return fmt.Errorf("%s: %w", f.path, errOldDevice)
	}
	return fmt.Errorf("%s: %w", f.path, errOldFile)
}
