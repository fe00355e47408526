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
	slowSize  = 64 << 30
	imageSize = fileSize + fileSize/4
)

// sectorSize is the size of a sector in bytes.
const sectorSize = 512

// disks are the files that targets export.
type disks struct {
	plain  *os.File // cachedDisk and realDisk
	synced *os.File // syncedDisk
}

// makeDisks makes the files in dir, and leaves nothing there: the files go with
// their descriptors.
func makeDisks(dir string) (*disks, error) {
	kind, err := fileSystemOf(dir)
	if err != nil {
		return nil, err
	}
	if kind == "tmpfs" || kind == "ramfs" {
		return nil, fmt.Errorf("%s is on %s, which is no disk; name another directory with -dir", dir, kind)
	}
	d := new(disks)
	if d.plain, err = makeFile(filepath.Join(dir, "disk.img")); err != nil {
		return nil, err
	}
	if kind == "ext4" {
		d.synced = d.plain
		return d, nil
	}
	point, err := mountExt4(dir)
	if err != nil {
		return d, err
	}
	d.synced, err = makeFile(filepath.Join(point, "disk.img"))
	return d, errors.Join(err, unix.Unmount(point, unix.MNT_DETACH))
}

// makeFile makes a disk whose sectors are stamped, and leaves it in the page
// cache, all of it written back. It writes small pieces, as disks are written:
// big ones would make big folios in the page cache, and to dirty a KiB of
// those costs more than all of a target's work. The file has no name any more.
func makeFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil {
		return nil, err
	}
	piece := make([]byte, 4096)
	for off := int64(0); off < fileSize; off += int64(len(piece)) {
		for i := 0; i < len(piece); i += sectorSize {
			stamp(piece[i:], uint64(off+int64(i))/sectorSize)
		}
		if _, err := f.WriteAt(piece, off); err != nil {
			return nil, err
		}
	}
	return f, f.Sync()
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

// close closes the files.
func (d *disks) close() {
	d.plain.Close()
	if d.synced != d.plain {
		d.synced.Close()
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
	switch w.disk {
	case slowDisk, bareDisk:
		// The kernel runs writes of a cached FUSE file one by one, which no
		// disk does.
		mode := modeCached
		if w.write {
			mode = modeDirect
		}
		p, err := launch(b.host, b.cpus.load, b.cpus.load, "/proc/self/exe", "-slowdisk", mode)
		if err != nil {
			return export{}, err
		}
		return export{p.line, slowSize, p}, nil
	case syncedDisk:
		return export{pathOf(b.disks.synced), fileSize, nil}, preload(b.disks.synced)
	}
	return export{pathOf(b.disks.plain), fileSize, nil}, preload(b.disks.plain)
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
