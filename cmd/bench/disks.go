// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"vblade/test/lab"
)

// Sizes of the disks in bytes.
const (
	fileSize  = 256 << 20
	coldSize  = 2 << 30 // far more than a load touches
	slowSize  = 64 << 30
	imageSize = 2*fileSize + coldSize + coldSize/4
)

// sectorSize is the size of a sector in bytes.
const sectorSize = 512

// disks are the disks that targets export, by their kinds. Each is held by a
// descriptor alone, and goes with it.
type disks map[disk]*os.File

// makeDisks makes the disks of workloads, their files in dir, of which it leaves
// none there.
func makeDisks(dir string, all []workload) (d disks, err error) {
	kind, err := fileSystemOf(dir)
	if err != nil {
		return nil, err
	}
	if kind == "tmpfs" || kind == "ramfs" {
		return nil, fmt.Errorf("%s is on %s, which is no disk; name another directory with -dir", dir, kind)
	}
	m := maker{dir: dir, isExt4: kind == "ext4"}
	defer func() { err = errors.Join(err, m.close()) }()
	d = make(disks)
	for _, w := range all {
		if d[w.disk] != nil {
			continue
		}
		f, err := m.make(w.disk)
		if err != nil {
			return d, fmt.Errorf("make the disk %s: %w", w.disk, err)
		}
		if f != nil {
			d[w.disk] = f
		}
	}
	return d, nil
}

// maker makes disks in a directory.
type maker struct {
	dir    string
	isExt4 bool
	point  string // where an ext4 is mounted; empty while there is none
}

// make makes a disk; none where a helper serves it.
func (m *maker) make(d disk) (*os.File, error) {
	switch d {
	case cachedDisk, realDisk:
		return makeFile(filepath.Join(m.dir, string(d)), fileSize)
	case syncedDisk, extDisk:
		dir, err := m.ext4()
		if err != nil {
			return nil, err
		}
		return makeFile(filepath.Join(dir, string(d)), fileSize)
	case coldDisk:
		dir, err := m.ext4()
		if err != nil {
			return nil, err
		}
		return makeFile(filepath.Join(dir, string(d)), coldSize)
	case loopDisk:
		return makeLoop(fileSize)
	}
	return nil, nil
}

// ext4 returns a directory on ext4.
func (m *maker) ext4() (string, error) {
	if m.isExt4 {
		return m.dir, nil
	}
	if m.point == "" {
		point, err := mountExt4(m.dir)
		if err != nil {
			return "", err
		}
		m.point = point
	}
	return m.point, nil
}

// close unmounts what the maker has mounted. Disks that are open hold it.
func (m *maker) close() error {
	if m.point == "" {
		return nil
	}
	return unix.Unmount(m.point, unix.MNT_DETACH)
}

// makeFile makes a disk whose sectors are stamped, and leaves it in the page
// cache, all of it written back. It writes small pieces, as disks are written:
// big ones would make big folios in the page cache, and to dirty a KiB of
// those costs more than all of a target's work. The file has no name any more.
func makeFile(path string, size int64) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil {
		return nil, err
	}
	return f, errors.Join(fill(f, size), f.Sync())
}

// fill stamps the sectors of a disk.
func fill(f *os.File, size int64) error {
	piece := make([]byte, 4096)
	for off := int64(0); off < size; off += int64(len(piece)) {
		for i := 0; i < len(piece); i += sectorSize {
			stamp(piece[i:], uint64(off+int64(i))/sectorSize)
		}
		if _, err := f.WriteAt(piece, off); err != nil {
			return err
		}
	}
	return nil
}

// preload reads the file, so that the page cache holds all of it, and writes
// back what a load has written, so that the disk is idle.
func preload(f *os.File) error {
	if err := f.Sync(); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, io.NewSectionReader(f, 0, fileSize))
	return err
}

// mountExt4 mounts a new ext4 on a loop device, which the kernel removes once
// it is neither mounted nor in use.
func mountExt4(dir string) (string, error) {
	image, point := filepath.Join(dir, "ext4.img"), filepath.Join(dir, "ext4")
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		return "", err
	}
	if err := os.Truncate(image, imageSize); err != nil {
		return "", err
	}
	if err := os.Mkdir(point, 0o700); err != nil {
		return "", err
	}
	for _, command := range [][]string{{"mkfs.ext4", "-q", "-F", image}, {"mount", "-o", "loop", image, point}} {
		program, err := lab.Find(command[0])
		if err != nil {
			return "", err
		}
		if out, err := exec.Command(program, command[1:]...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s: %w: %s", strings.Join(command, " "), err, out)
		}
	}
	return point, nil
}

// close gives the disks up.
func (d disks) close() {
	for _, f := range d {
		f.Close()
	}
}

// export is a disk ready to be served.
type export struct {
	path   string
	size   int64    // bytes
	server *process // that holds it, for a slow disk
}

// export makes the workload's disk ready.
func (b *bench) export(w workload) (export, error) {
	f := b.disks[w.disk]
	switch w.disk {
	case slowDisk, bareDisk, fuseDisk:
		return b.exportSlow(w)
	case coldDisk:
		return export{pathOf(f), coldSize, nil}, dropCaches(f)
	case loopDisk, extDisk:
		// Written back, so that the disk is idle; what lies in the page cache
		// is of no use to it.
		return export{pathOf(f), fileSize, nil}, f.Sync()
	}
	return export{pathOf(f), fileSize, nil}, preload(f)
}

// exportSlow starts the slow disk.
func (b *bench) exportSlow(w workload) (export, error) {
	// The kernel runs writes of a cached FUSE file one by one, which no
	// disk does.
	mode := modeCached
	if w.write {
		mode = modeDirect
	}
	_, home := b.cpus.of(w)
	p, err := launch(b.host, home, home, "/proc/self/exe", "-slowdisk", mode)
	if err != nil {
		return export{}, err
	}
	return export{p.line, slowSize, p}, nil
}

// dropCaches empties the page cache.
func dropCaches(f *os.File) error {
	if err := f.Sync(); err != nil {
		return err
	}
	const dropAll = "3" // pages, and what the file system knows of the file
	return os.WriteFile("/proc/sys/vm/drop_caches", []byte(dropAll), 0)
}

// pathOf returns a path of an open file that needs no name in a directory.
func pathOf(f *os.File) string { return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), f.Fd()) }

// close gives the disk up.
func (e export) close() {
	if e.server != nil {
		e.server.stop()
	}
}

// fileSystemOf returns the type of the file system that a directory is on.
func fileSystemOf(dir string) (string, error) {
	path, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", err
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return "", err
	}
	kind, longest := "unknown", 0
	for line := range strings.Lines(string(mounts)) {
		f := strings.Fields(line)
		point := strings.TrimSuffix(f[1], "/")
		if (path == point || strings.HasPrefix(path, point+"/")) && len(f[1]) >= longest {
			kind, longest = f[2], len(f[1])
		}
	}
	return kind, nil
}
