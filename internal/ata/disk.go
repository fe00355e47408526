// SPDX-License-Identifier: GPL-2.0-only

package ata

import "errors"

// SectorSize is the size of a sector in bytes.
const SectorSize = 512

// MaxVectors is how many buffers of a ReadAt or WriteAt a File reads or writes in
// one system call.
const MaxVectors = 64

// Store holds a disk's bytes. Its methods may be called concurrently. They return
// how many bytes were done; if these are fewer than asked for, also an error.
type Store interface {
	// ReadAt fills vecs, one after the other, from the byte offset off.
	ReadAt(vecs [][]byte, off int64) (int, error)
	// WriteAt writes vecs, one after the other, at the byte offset off.
	WriteAt(vecs [][]byte, off int64) (int, error)
	// Sync returns once everything written before is durable.
	Sync() error
	// Size returns the number of bytes held, as last known.
	Size() int64
	// Refresh updates the size. Its error says what else has changed since the
	// Store was opened; the Store still works then.
	Refresh() error
	// ReadOnly reports whether WriteAt always fails.
	ReadOnly() bool
}

// ErrArgument is returned for registers that are invalid for any disk. AoE has an
// error of its own for them (section 2).
var ErrArgument = errors.New("bad argument in an ATA command")

// ErrLost is the error of a Sync after which it is not known which of the earlier
// writes are durable. Every later Sync returns it too.
var ErrLost = errors.New("what was written may be lost")

// TryReader is a Store that can read without waiting for a disk.
type TryReader interface {
	// TryReadAt is ReadAt if all of vecs can be read without waiting. Otherwise
	// it returns ErrWouldWait, or errors.ErrUnsupported if the Store cannot tell.
	TryReadAt(vecs [][]byte, off int64) error
}

var (
	_ Store     = (*File)(nil)
	_ TryReader = (*File)(nil)
	_ Batcher   = (*File)(nil)
)

// ErrWouldWait is returned instead of waiting for a disk.
var ErrWouldWait = errors.New("the disk would have to be waited for")

// Op is what Work asks the Store to do.
type Op uint8

// The operations.
const (
	OpNone     Op = iota // nothing: the command is answered already
	OpRead               // fill Data
	OpWrite              // write Data
	OpFlush              // make every earlier write durable
	OpIdentify           // update the size; Data holds the last one known

	Ops // how many there are
)

// Work is the part of a command that the Store does.
type Work struct {
	Op   Op
	LBA  int64  // first sector
	Data []byte // whole sectors, in the frame that brought the command
}

// Sectors returns the number of sectors that the Work touches.
func (w Work) Sectors() int64 { return int64(len(w.Data) / SectorSize) }

// Disk is an ATA disk over a Store.
type Disk struct {
	store    Store
	try      TryReader // store, where it is one
	batcher  Batcher   // the same
	identity Identity
}

// NewDisk returns a disk that holds store and calls itself identity.
func NewDisk(store Store, identity Identity) *Disk {
	try, _ := store.(TryReader)
	batcher, _ := store.(Batcher)
	return &Disk{store: store, try: try, batcher: batcher, identity: identity}
}

// Sectors returns the size of the disk, as last known.
func (d *Disk) Sectors() int64 { return d.store.Size() / SectorSize }

// Refresh updates the size, as Store.Refresh does. It may wait for the disk.
func (d *Disk) Refresh() error { return d.store.Refresh() }

// ReadOnly reports whether the disk cannot be written.
func (d *Disk) ReadOnly() bool { return d.store.ReadOnly() }

// Descriptor returns the descriptor of the file or device that holds the disk,
// and the byte where the disk begins there, or false if there is none. A caller
// may use it to read by other means than Do, and to write unless WritesThrough.
func (d *Disk) Descriptor() (fd int, start int64, ok bool) {
	f, ok := d.store.(*File)
	if !ok {
		return 0, 0, false
	}
	return f.fd, f.start, true
}

// Shares reports whether d and other have sectors in common, because they are on
// one file or device, and whether such a sector has the same number in both.
func (d *Disk) Shares(other *Disk) (some, aligned bool) {
	f, ok := d.store.(*File)
	g, also := other.store.(*File)
	if !ok || !also {
		return d.store == other.store, true
	}
	return f.Overlaps(g), f.start == g.start
}

// WritesThrough reports whether each write has to be on the disk when it is
// answered, which only Do ensures.
func (d *Disk) WritesThrough() bool {
	f, ok := d.store.(*File)
	return ok && f.writers != nil
}

// Batches returns how many batches of writes should be done at once, or 0 where
// concurrent calls of Do are better.
func (d *Disk) Batches() int {
	if d.batcher == nil {
		return 0
	}
	return d.batcher.Batches()
}

// Begin begins a batch of writes, at byte offsets. Batches must not be 0.
func (d *Disk) Begin() Batch { return d.batcher.Begin() }

// Start checks a command, in the order of section 2, and returns its Result, or
// the Work that has to be done first.
//
// data is the room for data in the command's frame; its first held bytes came
// with the command. limit is the most sectors in a frame.
func (d *Disk) Start(c Command, data []byte, held, limit int) (Work, Result, error) {
	switch c.Opcode {
	case Read, ReadExt:
		return d.startTransfer(OpRead, c, data, limit)
	case Write, WriteExt:
		return d.startTransfer(OpWrite, c, data[:min(held, len(data))], limit)
	case FlushCache, FlushCacheExt:
		return Work{Op: OpFlush}, Result{}, nil
	case CheckPower:
		return Work{}, done(powerActive), nil
	case Identify:
		if c.Count != 1 || limit < 1 {
			return Work{}, Result{}, ErrArgument
		}
		d.identity.put(data[:SectorSize], d.Sectors())
		return Work{Op: OpIdentify, Data: data[:SectorSize]}, Result{}, nil
	default:
		return Work{}, failed(ErrorAborted, c.Count), nil
	}
}

// startTransfer is Start for a read or write.
func (d *Disk) startTransfer(op Op, c Command, data []byte, limit int) (Work, Result, error) {
	lba, n := c.sector(), int(c.Count)
	switch {
	case n > limit:
		return Work{}, Result{}, ErrArgument
	case lba+int64(n) > d.Sectors():
		return Work{}, failed(ErrorNotFound, c.Count), nil
	case n*SectorSize > len(data):
		return Work{}, Result{}, ErrArgument
	case n == 0:
		return Work{}, done(0), nil
	case op == OpWrite && d.store.ReadOnly():
		return Work{}, failed(ErrorAborted, c.Count), nil
	}
	return Work{Op: op, LBA: lba, Data: data[:n*SectorSize]}, Result{}, nil
}

// Do does work on the Store: for OpRead and OpWrite on vecs, which hold whole
// sectors from lba on and may belong to several commands. It returns how many
// sectors are done, and the Store's error if they are fewer than asked for, or if
// a flush failed. The error of OpIdentify is that of Store.Refresh and no
// failure.
func (d *Disk) Do(op Op, lba int64, vecs [][]byte) (int, error) {
	switch op {
	case OpRead:
		n, err := d.store.ReadAt(vecs, lba*SectorSize)
		return n / SectorSize, err
	case OpWrite:
		n, err := d.store.WriteAt(vecs, lba*SectorSize)
		return n / SectorSize, err
	case OpFlush:
		return 0, d.store.Sync()
	case OpIdentify:
		err := d.store.Refresh()
		d.identity.put(vecs[0], d.Sectors())
		return 1, err
	}
	return 0, nil
}

// TryRead is Do for OpRead. But if it would have to wait for the disk, it does
// nothing and returns ErrWouldWait, or errors.ErrUnsupported if the Store cannot
// tell.
func (d *Disk) TryRead(lba int64, vecs [][]byte) error {
	if d.try == nil {
		return errors.ErrUnsupported
	}
	return d.try.TryReadAt(vecs, lba*SectorSize)
}

// Finish returns the result of a command whose Work ended with n sectors done and
// err. IDENTIFY never fails: it returns the last size known.
func (c Command) Finish(n int, err error) Result {
	if c.Opcode == Identify {
		return done(0)
	}
	left := c.Count
	if c.Opcode != FlushCache && c.Opcode != FlushCacheExt {
		left -= uint8(n)
	}
	if err != nil {
		return failed(ErrorAborted, left)
	}
	return done(left)
}
