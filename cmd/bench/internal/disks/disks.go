// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package disks

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"vblade/cmd/bench/internal/plan"
	"vblade/cmd/bench/internal/rig"
	"vblade/test/lab"
)

// Sizes of the disks in bytes.
const (
	IdleSize  = 1 << 20 // of an idle export
	fileSize  = 256 << 20
	coldSize  = 2 << 30 // far more than a load touches
	imageSize = 2*fileSize + coldSize + coldSize/4
)

// Disks are the disks of a benchmark, by their kinds.
type Disks struct {
	files map[plan.Disk]*os.File
	idle  []*os.File // of exports without a load
}

// Export is a disk ready to be served.
type Export struct {
	Path   string
	Size   int64        // bytes
	Helper *lab.Process // the program that serves it; nil for most
	cached *os.File     // what the page cache holds of it; nil if that does not matter
}

// Close releases the disk. Requests that hang in it fail.
func (e *Export) Close() {
	if e.Helper != nil {
		e.Helper.Stop()
		e.Helper = nil
	}
}

// Make makes the disks that workloads need. Their files are in a temporary
// directory in dir, which is removed when Make returns.
func Make(dir string, all []plan.Workload) (d *Disks, err error) {
	kind, err := FileSystemOf(dir)
	if err != nil {
		return nil, err
	}
	if kind == "tmpfs" || kind == "ramfs" {
		return nil, fmt.Errorf("%s is on %s, which is no disk; name another directory with -dir", dir, kind)
	}
	if dir, err = os.MkdirTemp(dir, "vblade-bench-"); err != nil {
		return nil, err
	}
	m := maker{dir: dir, isExt4: kind == "ext4"}
	defer func() { err = errors.Join(err, m.close(), os.RemoveAll(dir)) }()
	d = &Disks{files: make(map[plan.Disk]*os.File)}
	for _, w := range all {
		if err := d.add(&m, w); err != nil {
			return d, fmt.Errorf("make the disks of %s: %w", w.Name(), err)
		}
	}
	return d, nil
}

// add makes the disks of a workload that do not exist yet.
func (d *Disks) add(m *maker, w plan.Workload) error {
	if d.files[w.Disk] == nil {
		f, err := m.make(w.Disk)
		if err != nil {
			return err
		}
		if f != nil {
			d.files[w.Disk] = f
		}
	}
	for len(d.idle) < w.Host.Exports {
		f, err := createUnnamed(filepath.Join(m.dir, "idle"))
		if err != nil {
			return err
		}
		d.idle = append(d.idle, f)
		if err := f.Truncate(IdleSize); err != nil {
			return err
		}
	}
	return nil
}

// Close releases the disks.
func (d *Disks) Close() {
	for _, f := range d.files {
		f.Close()
	}
	for _, f := range d.idle {
		f.Close()
	}
}

// Idle returns the path of the disk of idle export n.
func (d *Disks) Idle(n int) string { return PathOf(d.idle[n]) }

// Export prepares a workload's disk. A helper that serves it runs in a place.
func (d *Disks) Export(w plan.Workload, at rig.Place) (*Export, error) {
	f := d.files[w.Disk]
	switch w.Disk {
	case plan.Slow, plan.Bare, plan.Fuse:
		// The kernel does the writes of a cached FUSE file one by one, unlike
		// those of a disk.
		if w.Write {
			return startSlow(at, modeDirect)
		}
		return startSlow(at, modeCached)
	case plan.None:
		return &Export{Size: fileSize}, nil
	case plan.Cold:
		return &Export{Path: PathOf(f), Size: coldSize}, dropCaches(f)
	}
	if strings.Contains(w.Flags, "d") {
		// Written back, so that the disk is idle. Direct I/O does not use the
		// page cache.
		return &Export{Path: PathOf(f), Size: fileSize}, f.Sync()
	}
	return &Export{Path: PathOf(f), Size: fileSize, cached: f}, nil
}

// Warm has the page cache hold the disk, if it is one that a load finds there. Call it
// once a target serves the disk: ours drops at start what the page cache holds. It is
// filled by reading for each program: as written at first it would be in small pieces,
// into which small writes cost ext4 less.
func (e *Export) Warm() error {
	if e.cached == nil {
		return nil
	}
	return errors.Join(dropCaches(e.cached), preload(e.cached))
}

// Hanging starts a disk whose reads hang until it is closed.
func (d *Disks) Hanging(at rig.Place) (*Export, error) { return startSlow(at, modeHanging) }

// PathOf returns a path of an open file, which need not have a name.
func PathOf(f *os.File) string { return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), f.Fd()) }
