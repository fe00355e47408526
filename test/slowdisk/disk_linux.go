// SPDX-License-Identifier: GPL-2.0-only

package slowdisk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// Options say what the disk is like.
type Options struct {
	Size int64 // bytes, whole sectors
	// Cached lets reads through a descriptor without O_DIRECT go through the
	// page cache; otherwise every read and write comes to the disk, as many at
	// once as there are. The kernel runs writes of a cached file one by one.
	Cached bool
	// Async lets a caller that does not wait for its reads and writes, as a loop
	// device with direct I/O does, have many outstanding.
	Async bool
}

// Disk is a slow disk in use.
type Disk struct {
	file   int // an O_PATH descriptor: it holds the file system
	server *fuse.Server
	system *fileSystem
}

// background is how many reads and writes the kernel may have outstanding.
const background = 512

// maxRequest is the largest read or write in bytes that comes in one piece.
const maxRequest = 1 << 20

// Mount makes a slow disk. It needs CAP_SYS_ADMIN.
func Mount(o Options) (*Disk, error) {
	dir, err := os.MkdirTemp("", "slowdisk-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(dir)
	d := &Disk{system: newFileSystem(o)}
	var more uint64
	if o.Async {
		more = fuse.CAP_ASYNC_DIO
	}
	d.server, err = connect(d.system, dir, &fuse.MountOptions{
		Name:              "slowdisk",
		DirectMountStrict: true,
		MaxBackground:     background,
		MaxWrite:          maxRequest,
		MaxReadAhead:      1, // bytes: reads ask for what is read
		DisableXAttrs:     true,
		DisableSplice:     true, // there is no file to splice from
		ExtraCapabilities: more,
	})
	if err != nil {
		return nil, fmt.Errorf("mount a slow disk: %w (needs root and /dev/fuse)", err)
	}
	go d.server.Serve()
	err = d.server.WaitMount()
	if err == nil {
		// The descriptor keeps the file system; the mount need not be seen.
		d.file, err = unix.Open(filepath.Join(dir, fileName), unix.O_PATH|unix.O_CLOEXEC, 0)
	}
	if err := errors.Join(err, unix.Unmount(dir, unix.MNT_DETACH)); err != nil {
		return nil, fmt.Errorf("open the slow disk: %w", err)
	}
	return d, nil
}

// connect mounts a file system and sets close-on-exec on its connection, which
// go-fuse does not. A program that inherited the connection could not end if it were
// killed while it reads a disk that hangs: the kernel gives the read up only once
// nobody has the connection open. ForkLock keeps programs from starting in between.
func connect(system fuse.RawFileSystem, dir string, o *fuse.MountOptions) (*fuse.Server, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	server, err := fuse.NewServer(system, dir, o)
	if err != nil {
		return nil, err
	}
	fds, err := connections()
	if err != nil {
		return nil, errors.Join(err, unix.Unmount(dir, unix.MNT_DETACH))
	}
	for _, fd := range fds {
		syscall.CloseOnExec(fd)
	}
	return server, nil
}

// connections returns this process's descriptors of /dev/fuse.
func connections() ([]int, error) {
	const dir = "/proc/self/fd"
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var fds []int
	for _, e := range entries {
		target, err := os.Readlink(filepath.Join(dir, e.Name()))
		if err != nil || target != "/dev/fuse" {
			continue // or it was closed meanwhile
		}
		if fd, err := strconv.Atoi(e.Name()); err == nil {
			fds = append(fds, fd)
		}
	}
	return fds, nil
}

// Path returns the path to open the disk by, also from other processes, while
// this one lives.
func (d *Disk) Path() string { return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), d.file) }

// Content fills p with what the disk holds from the byte offset off on. It does not
// wait.
func (d *Disk) Content(p []byte, off int64) { d.system.content.read(p, off) }

// SetContent makes the disk hold p from the byte offset off on. It does not wait.
func (d *Disk) SetContent(p []byte, off int64) { d.system.content.write(p, off) }

// Close releases what hangs and gives the disk up. It goes away with the last
// program that has it open.
func (d *Disk) Close() error {
	for op := range d.system.gates {
		d.Release(Op(op))
	}
	return unix.Close(d.file)
}

// Wait returns once no program uses a closed disk any more.
func (d *Disk) Wait() { d.server.Wait() }
