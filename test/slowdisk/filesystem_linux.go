// SPDX-License-Identifier: GPL-2.0-only

package slowdisk

import (
	"sync/atomic"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// The file system holds one file.
const (
	fileName = "disk"
	fileNode = fuse.FUSE_ROOT_ID + 1
)

// forever is how long the kernel may rely on names and attributes.
const forever = uint64(time.Hour / time.Second)

// fileSystem answers the kernel; what is not here is not supported.
type fileSystem struct {
	fuse.RawFileSystem
	options Options
	gates   [ops]gate
	bad     atomic.Pointer[badSectors]
	content content
}

// newFileSystem returns a file system with a file as the options say.
func newFileSystem(o Options) *fileSystem {
	s := &fileSystem{
		RawFileSystem: fuse.NewDefaultRawFileSystem(),
		options:       o,
		content:       content{chunks: make(map[int64]*[chunkSize]byte)},
	}
	for op := range s.gates {
		s.gates[op].more = make(chan struct{})
	}
	s.bad.Store(&badSectors{})
	return s
}

// attr writes the attributes of the file or the root directory.
func (s *fileSystem) attr(node uint64, a *fuse.Attr) {
	a.Ino, a.Nlink, a.Mode = node, 1, unix.S_IFDIR|0o700
	if node == fileNode {
		a.Mode = unix.S_IFREG | 0o600
		a.Size = uint64(s.options.Size)
		a.Blksize = chunkSize
	}
}

// Lookup finds the file.
func (s *fileSystem) Lookup(_ <-chan struct{}, h *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	if h.NodeId != fuse.FUSE_ROOT_ID || name != fileName {
		return fuse.ENOENT
	}
	out.NodeId, out.EntryValid, out.AttrValid = fileNode, forever, forever
	s.attr(fileNode, &out.Attr)
	return fuse.OK
}

// GetAttr returns the attributes of the file or the root directory.
func (s *fileSystem) GetAttr(_ <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	out.AttrValid = forever
	s.attr(in.NodeId, &out.Attr)
	return fuse.OK
}

// Open opens the file.
func (s *fileSystem) Open(_ <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	if !s.options.Cached || in.Flags&unix.O_DIRECT != 0 {
		out.OpenFlags = fuse.FOPEN_DIRECT_IO | fuse.FOPEN_PARALLEL_DIRECT_WRITES
	}
	return fuse.OK
}

// Read reads from the file.
func (s *fileSystem) Read(cancel <-chan struct{}, in *fuse.ReadIn, buf []byte) (fuse.ReadResult, fuse.Status) {
	if status := s.gates[Read].pass(cancel, spanOf(in.Offset, int(in.Size))); status != fuse.OK {
		return nil, status
	}
	left := max(0, s.options.Size-int64(in.Offset))
	n, status := s.bad.Load().allow(int64(in.Offset), int(min(int64(in.Size), left)))
	if status != fuse.OK {
		return nil, status
	}
	buf = buf[:n]
	s.content.read(buf, int64(in.Offset))
	return fuse.ReadResultData(buf), fuse.OK
}

// Write writes to the file.
func (s *fileSystem) Write(cancel <-chan struct{}, in *fuse.WriteIn, data []byte) (uint32, fuse.Status) {
	if status := s.gates[Write].pass(cancel, spanOf(in.Offset, len(data))); status != fuse.OK {
		return 0, status
	}
	if in.Offset+uint64(len(data)) > uint64(s.options.Size) {
		return 0, fuse.Status(unix.ENOSPC)
	}
	n, status := s.bad.Load().allow(int64(in.Offset), len(data))
	if status != fuse.OK {
		return 0, status
	}
	s.content.write(data[:n], int64(in.Offset))
	return uint32(n), fuse.OK
}

// Fsync does nothing but take its time: what was written is in memory.
func (s *fileSystem) Fsync(cancel <-chan struct{}, _ *fuse.FsyncIn) fuse.Status {
	return s.gates[Sync].pass(cancel, all)
}

// Flush has nothing to do when a program closes the file.
func (s *fileSystem) Flush(<-chan struct{}, *fuse.FlushIn) fuse.Status { return fuse.OK }
