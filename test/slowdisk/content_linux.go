// SPDX-License-Identifier: GPL-2.0-only

package slowdisk

import (
	"encoding/binary"
	"sync"
)

// Sizes of the content, in bytes.
const (
	sectorSize = 512
	chunkSize  = 4096
)

// content is the bytes of a disk: what was written, and else a pattern.
type content struct {
	mu     sync.RWMutex
	chunks map[int64]*[chunkSize]byte // by number
}

// read fills p from the byte offset off.
func (c *content) read(p []byte, off int64) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for len(p) > 0 {
		number, from := off/chunkSize, int(off%chunkSize)
		n := min(len(p), chunkSize-from)
		if chunk := c.chunks[number]; chunk != nil {
			copy(p[:n], chunk[from:])
		} else {
			pattern(p[:n], off)
		}
		p, off = p[n:], off+int64(n)
	}
}

// write stores p at the byte offset off.
func (c *content) write(p []byte, off int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(p) > 0 {
		number, from := off/chunkSize, int(off%chunkSize)
		chunk := c.chunks[number]
		if chunk == nil {
			chunk = new([chunkSize]byte)
			pattern(chunk[:], number*chunkSize)
			c.chunks[number] = chunk
		}
		n := copy(chunk[from:], p)
		p, off = p[n:], off+int64(n)
	}
}

// pattern fills p with what is at the byte offset off before it is written.
func pattern(p []byte, off int64) {
	clear(p)
	for start := off / sectorSize * sectorSize; start < off+int64(len(p)); start += sectorSize {
		var stamp [8]byte
		binary.LittleEndian.PutUint64(stamp[:], uint64(start/sectorSize))
		if start >= off {
			copy(p[start-off:], stamp[:])
		} else if skip := off - start; skip < int64(len(stamp)) {
			copy(p, stamp[skip:])
		}
	}
}
