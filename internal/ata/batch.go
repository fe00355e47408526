// SPDX-License-Identifier: GPL-2.0-only

package ata

import (
	"errors"
	"os"
)

// A file system does the writes to one file one after the other, except for direct
// I/O: calls that run at once only contend for the file. And one flush makes any
// number of writes durable. So whoever has several writes to do should do them as
// a batch.

// Batch is a number of writes that become durable together.
type Batch interface {
	// Expect says that vecs will be written at off, so that what the write needs can
	// be read from the disk meanwhile.
	Expect(vecs [][]byte, off int64)
	// WriteAt is that of the Store, but what it writes may not be durable before
	// the Commit.
	WriteAt(vecs [][]byte, off int64) (int, error)
	// Commit ends the Batch: it returns once its writes are as durable as those of
	// the Store's WriteAt. After an error it is not known which of them are.
	Commit() error
}

// Batcher is a Store that may gain by batches.
type Batcher interface {
	// Batches returns how many batches should be written at once. It is 0 where
	// concurrent calls of WriteAt are better.
	Batches() int
	// Begin begins a Batch, and may wait for the end of another one.
	Begin() Batch
}

// How many batches of a file are written at once: more than one only so that not
// all writes wait for one that hangs.
const (
	plainBatches = 1
	syncBatches  = 3
)

// page is the size in bytes of what the page cache reads of a file at least.
const page = 4096

// pastEnd is an offset in bytes that no file reaches.
const pastEnd = 1 << 62

// batchesOf returns how many batches of a file should be written at once, or 0. A
// file system that cannot read without waiting, such as FUSE or NFS, may do writes
// to one file at once, if it has to wait for another program or host.
func batchesOf(file *os.File, o Options) (int, error) {
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	first := newOpening(file)
	switch {
	case o.ReadOnly || o.Direct:
	case first.tryRead([][]byte{make([]byte, 1)}, pastEnd) == errors.ErrUnsupported:
	case o.Sync:
		return syncBatches, nil
	case info.Mode().IsRegular():
		return plainBatches, nil
	}
	return 0, nil
}

// batch is a Batch by one opening of a File.
type batch struct {
	by     *opening
	of     *File
	number int // among the writers of the File
}

// Batches returns how many batches should be written at once.
func (f *File) Batches() int { return f.batches }

// Begin begins a Batch.
func (f *File) Begin() Batch {
	if f.writers != nil {
		return f.takeWriter()
	}
	return &f.plain
}

// Expect has the page cache read the pages that will not be written whole. Many
// are read at once then, rather than each by its write, which keeps the others
// waiting for the file.
func (b *batch) Expect(vecs [][]byte, off int64) {
	first := b.of.start + off
	last := first
	for _, v := range vecs {
		last += int64(len(v))
	}
	if first%page != 0 {
		b.by.fetch(first - first%page)
	}
	if last%page != 0 && (first%page == 0 || last/page > first/page) {
		b.by.fetch(last - last%page)
	}
}

// WriteAt writes vecs at the byte offset off of the window.
func (b *batch) WriteAt(vecs [][]byte, off int64) (int, error) {
	return b.by.transfer(vecs, b.of.start+off, writes)
}

// Commit ends the batch.
func (b *batch) Commit() (err error) {
	if b.of.writers == nil {
		return nil
	}
	if b.by.lazy {
		err = b.by.flush()
	}
	b.giveBack()
	return err
}
