// SPDX-License-Identifier: GPL-2.0-only

package uring

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The constants of linux/io_uring.h that are used here.
const (
	setupCQSize       = 1 << 3  // the params say how long the completion queue is
	setupClamp        = 1 << 4  // a queue that is too long is made shorter
	setupDisabled     = 1 << 6  // IORING_SETUP_R_DISABLED
	setupSubmitAll    = 1 << 7  // 5.18: a request that is refused does not stop the submission
	setupCoopTaskrun  = 1 << 8  // 5.19: no interrupt to finish requests
	setupSingleIssuer = 1 << 12 // 6.0
	setupDeferTaskrun = 1 << 13 // 6.1: requests are finished only within an enter

	featSingleMmap = 1 << 0
	featNoDrop     = 1 << 1
	featExtArg     = 1 << 8
	featRsrcTags   = 1 << 10 // 5.13, the oldest kernel that is supported

	offRings = 0
	offSQEs  = 0x10000000

	enterGetEvents = 1 << 0
	enterExtArg    = 1 << 3

	registerEnable = 12

	opNop         = 0
	opReadv       = 1
	opWritev      = 2
	opPollAdd     = 6
	opAsyncCancel = 14
	opRead        = 22
	opWrite       = 23

	cancelAll = 1 << 0 // 5.19
	cancelAny = 1 << 2 // 5.19
)

// sqe is the kernel's struct io_uring_sqe, a request.
type sqe struct {
	opcode   uint8
	_        uint8  // flags
	_        uint16 // ioprio
	fd       int32
	off      uint64
	addr     uint64
	len      uint32
	opFlags  uint32 // a union: each operation has its own flags
	userData uint64
	_        [24]byte
}

// sqOffsets is the kernel's struct io_sqring_offsets: where in the mapping the
// parts of the submission queue are.
type sqOffsets struct {
	head, tail, mask, entries, flags, dropped, array uint32
	_                                                [3]uint32
}

// cqOffsets is the kernel's struct io_cqring_offsets.
type cqOffsets struct {
	head, tail, mask, entries, overflow, cqes, flags uint32
	_                                                [3]uint32
}

// params is the kernel's struct io_uring_params.
type params struct {
	sqEntries, cqEntries, flags uint32
	_                           [2]uint32
	features                    uint32
	_                           [4]uint32
	sq                          sqOffsets
	cq                          cqOffsets
}

// timespec is the kernel's struct __kernel_timespec, the same on all architectures.
type timespec struct{ sec, nsec int64 }

// enterArg is the kernel's struct io_uring_getevents_arg.
type enterArg struct {
	_  [2]uint64
	ts uint64
}

// What follows is compiled only where the numbers on its two sides are the same.

// Structures are as long as the kernel's.
var (
	_ [64]byte  = [unsafe.Sizeof(sqe{})]byte{}
	_ [16]byte  = [unsafe.Sizeof(Completion{})]byte{}
	_ [40]byte  = [unsafe.Sizeof(sqOffsets{})]byte{}
	_ [40]byte  = [unsafe.Sizeof(cqOffsets{})]byte{}
	_ [120]byte = [unsafe.Sizeof(params{})]byte{}
	_ [16]byte  = [unsafe.Sizeof(timespec{})]byte{}
	_ [24]byte  = [unsafe.Sizeof(enterArg{})]byte{}

	_ [unsafe.Sizeof(unix.Iovec{})]byte = [unsafe.Sizeof(Vec{})]byte{}
)

// Fields are where the kernel has them.
var (
	_ [4]byte  = [unsafe.Offsetof(sqe{}.fd)]byte{}
	_ [8]byte  = [unsafe.Offsetof(sqe{}.off)]byte{}
	_ [16]byte = [unsafe.Offsetof(sqe{}.addr)]byte{}
	_ [24]byte = [unsafe.Offsetof(sqe{}.len)]byte{}
	_ [28]byte = [unsafe.Offsetof(sqe{}.opFlags)]byte{}
	_ [32]byte = [unsafe.Offsetof(sqe{}.userData)]byte{}

	_ [8]byte = [unsafe.Offsetof(Completion{}.Result)]byte{}

	_ [24]byte = [unsafe.Offsetof(sqOffsets{}.array)]byte{}
	_ [20]byte = [unsafe.Offsetof(cqOffsets{}.cqes)]byte{}
	_ [20]byte = [unsafe.Offsetof(params{}.features)]byte{}
	_ [40]byte = [unsafe.Offsetof(params{}.sq)]byte{}
	_ [80]byte = [unsafe.Offsetof(params{}.cq)]byte{}
	_ [16]byte = [unsafe.Offsetof(enterArg{}.ts)]byte{}

	_ [unsafe.Offsetof(unix.Iovec{}.Base)]byte = [unsafe.Offsetof(Vec{}.base)]byte{}
	_ [unsafe.Offsetof(unix.Iovec{}.Len)]byte  = [unsafe.Offsetof(Vec{}.len)]byte{}
)
