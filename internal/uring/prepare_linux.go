// SPDX-License-Identifier: GPL-2.0-only

package uring

import "unsafe"

// Readv prepares a read of a file, from an offset in bytes, into the buffers.
// Like all methods that prepare a request, it reports whether the queue had room
// for it; Enter makes room.
func (r *Ring) Readv(data uint64, file int, vecs []Vec, offset int64) bool {
	return r.transfer(opRead, opReadv, data, file, vecs, offset)
}

// Writev prepares a write of the buffers to a file at an offset in bytes.
func (r *Ring) Writev(data uint64, file int, vecs []Vec, offset int64) bool {
	return r.transfer(opWrite, opWritev, data, file, vecs, offset)
}

// transfer prepares a read or a write, by the operation that takes one buffer or by
// the dearer one that takes several.
func (r *Ring) transfer(one, several uint8, data uint64, file int, vecs []Vec, offset int64) bool {
	if len(vecs) == 1 {
		return r.prepare(one, data, file, unsafe.Pointer(vecs[0].base), int(vecs[0].len), offset) != nil
	}
	return r.prepare(several, data, file, unsafe.Pointer(unsafe.SliceData(vecs)), len(vecs), offset) != nil
}

// Poll prepares a wait for events of a descriptor (POLLIN and so on, 16 bits). It
// completes once, with the events that have occurred.
func (r *Ring) Poll(data uint64, file int, events uint16) bool {
	e := r.prepare(opPollAdd, data, file, nil, 0, 0)
	if e == nil {
		return false
	}
	// The lower half comes first, whatever the byte order is.
	*(*uint16)(unsafe.Pointer(&e.opFlags)) = events
	return true
}

// Cancel prepares to cancel the request that was prepared with target as its
// data. It completes with 0 if that request is cancelled, with ENOENT if there is
// none, and with EALREADY if it could not be cancelled. A cancelled request
// completes with ECANCELED or EINTR.
func (r *Ring) Cancel(data, target uint64) bool {
	e := r.prepare(opAsyncCancel, data, -1, nil, 0, 0)
	if e == nil {
		return false
	}
	e.addr = target
	return true
}

// cancelEverything prepares to cancel all requests.
func (r *Ring) cancelEverything() bool {
	e := r.prepare(opAsyncCancel, 0, -1, nil, 0, 0)
	if e == nil {
		return false
	}
	e.opFlags = cancelAll | cancelAny
	return true
}

// Void has what is prepared and not submitted yet do nothing: once it is submitted it
// completes with 0.
func (r *Ring) Void() {
	for i := r.sqHead.Load(); i != r.tail; i++ {
		e := &r.sqes[i&uint32(len(r.sqes)-1)]
		*e = sqe{opcode: opNop, fd: -1, userData: e.userData}
	}
}

// prepare fills the next entry of the queue and returns it, or nil if the queue
// is full.
func (r *Ring) prepare(opcode uint8, data uint64, file int, p unsafe.Pointer, n int, offset int64) *sqe {
	if r.Room() == 0 {
		return nil
	}
	i := r.tail & uint32(len(r.sqes)-1)
	// The garbage collector does not see the pointers in the queue, which is
	// mapped memory. Keeping them in a Go slice makes the compiler put their
	// targets on the heap, where they do not move.
	r.keep[i] = p
	e := &r.sqes[i]
	*e = sqe{opcode: opcode, fd: int32(file), off: uint64(offset), addr: uint64(uintptr(p)), len: uint32(n), userData: data}
	r.tail++
	r.inFlight++
	return e
}

// Room returns how many requests can be prepared before an Enter.
func (r *Ring) Room() int { return len(r.sqes) - int(r.tail-r.sqHead.Load()) }
