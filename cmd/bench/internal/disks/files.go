// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package disks

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"vblade/cmd/bench/internal/load"
	"vblade/cmd/bench/internal/plan"
	"vblade/internal/ata"
	"vblade/test/lab"
)

// maker makes disks in a directory.
type maker struct {
	dir    string
	isExt4 bool   // the directory is on ext4
	point  string // where another ext4 is mounted; empty while there is none
}

// make makes a disk, unless a helper serves it.
func (m *maker) make(d plan.Disk) (*os.File, error) {
	dir, size := m.dir, int64(fileSize)
	switch d {
	case plan.Cached:
	case plan.Synced, plan.Ext4, plan.Cold:
		var err error
		if dir, err = m.ext4(); err != nil {
			return nil, err
		}
		if d == plan.Cold {
			size = coldSize
		}
	case plan.Loop:
		return makeLoop(size)
	default:
		return nil, nil
	}
	f, err := createUnnamed(filepath.Join(dir, string(d)))
	if err != nil {
		return nil, err
	}
	return f, errors.Join(fill(f, size), f.Sync())
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

// createUnnamed creates a file and removes its name.
func createUnnamed(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return f, os.Remove(path)
}

// fill stamps the sectors of a disk. It writes small pieces, as targets do: large
// ones would make large folios in the page cache, and dirtying a KiB of those
// costs more than all of a target's work.
func fill(f *os.File, size int64) error {
	piece := make([]byte, 4096)
	for off := int64(0); off < size; off += int64(len(piece)) {
		for i := 0; i < len(piece); i += ata.SectorSize {
			load.Stamp(piece[i:], uint64(off+int64(i))/ata.SectorSize)
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

// dropCaches empties the page cache.
func dropCaches(f *os.File) error {
	if err := f.Sync(); err != nil {
		return err
	}
	const dropAll = "3" // pages, and what the file systems know of their files
	return os.WriteFile("/proc/sys/vm/drop_caches", []byte(dropAll), 0)
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

// FileSystemOf returns the type of the file system that a directory is on.
func FileSystemOf(dir string) (string, error) {
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
