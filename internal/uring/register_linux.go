// SPDX-License-Identifier: GPL-2.0-only

package uring

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// MakeFiles gives the ring an empty table of n files for FixedFile.
func (r *Ring) MakeFiles(n int) error {
	fds := make([]int32, n)
	for i := range fds {
		fds[i] = -1
	}
	return r.register("make the io_uring's table of files", registerFiles, unsafe.Pointer(&fds[0]), n)
}

// SetFile puts a file into an entry of the table; with -1 it empties the entry.
// Requests in flight keep the file that they began with. The table holds the file
// open.
func (r *Ring) SetFile(index, fd int) error {
	file := int32(fd)
	return r.update("put a file into the io_uring's table", registerFilesUpdate, index, unsafe.Pointer(&file))
}

// MakeBuffers gives the ring an empty table of n buffers for ReadFixed and
// WriteFixed.
func (r *Ring) MakeBuffers(n int) error {
	none := make([]Vec, n)
	return r.register("make the io_uring's table of buffers", registerBuffers, unsafe.Pointer(&none[0]), n)
}

// SetBuffer puts memory into an entry of the table; an empty slice empties the
// entry. The memory is locked until it is replaced and the requests that use it
// have ended. It counts against the limit on locked memory, unless the process
// had CAP_IPC_LOCK when the ring was made. It must be mapped memory of at most 1
// GiB, and must not be unmapped while it is in the table.
func (r *Ring) SetBuffer(index int, area []byte) error {
	var v Vec
	if len(area) > 0 {
		v = VecOf(area)
	}
	return r.update("put a buffer into the io_uring's table", registerBuffersUpdate, index, unsafe.Pointer(&v))
}

// SetWorkers limits the kernel threads that do the requests of the calling thread
// that would block: bounded ones, for requests on regular files and block devices
// (by default four per CPU), and unbounded ones, for all others and for those
// with the Thread flag (by default as many as the user may have processes). 0
// leaves a limit as it is.
func (r *Ring) SetWorkers(files, others int) error {
	limits := [2]uint32{uint32(files), uint32(others)}
	return r.register("limit the io_uring's workers", registerMaxWorkers, unsafe.Pointer(&limits[0]), len(limits))
}

// update replaces one entry of a table.
func (r *Ring) update(what string, opcode, index int, entry unsafe.Pointer) error {
	u := &update{offset: uint32(index), data: uint64(uintptr(entry)), nr: 1}
	r.hold = entry // u holds only its address, so it must not move
	err := r.register(what, opcode, unsafe.Pointer(u), int(unsafe.Sizeof(*u)))
	r.hold = nil
	return err
}

// register calls io_uring_register.
func (r *Ring) register(what string, opcode int, arg unsafe.Pointer, n int) error {
	_, _, e := unix.Syscall6(unix.SYS_IO_URING_REGISTER, uintptr(r.fd), uintptr(opcode), uintptr(arg), uintptr(n), 0, 0)
	if e != 0 {
		return fmt.Errorf("%s: %w%s", what, e, advice(e))
	}
	return nil
}
