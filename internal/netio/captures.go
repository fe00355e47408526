// SPDX-License-Identifier: GPL-2.0-only

package netio

import "encoding/binary"

// Where the fields of struct bpf_hdr (bpf(4)) stand on 64-bit systems, in bytes,
// and what the next header begins on a multiple of.
//
//	0             16         20          24        26
//	| time stamp  | caplen   | datalen   | hdrlen  | padding, then caplen bytes of the frame
const (
	captureCaplen  = 16 // bytes of the frame that follow
	captureDatalen = 20 // bytes that the frame had
	captureHdrlen  = 24 // bytes of this header and its padding
	captureHeader  = 26 // the shortest header
	captureAlign   = 8
)

// captures is what is left of one read from a BPF descriptor: frames, each
// behind a header, as the kernel lays them.
type captures struct{ rest []byte }

// empty tells that there is nothing left.
func (c *captures) empty() bool { return len(c.rest) == 0 }

// next takes the next frame. whole is false where the kernel has kept only a
// part of it; ok is false where there is no more. What no kernel writes ends the
// walk: nobody could say where the next header is.
func (c *captures) next() (frame []byte, whole, ok bool) {
	if len(c.rest) < captureHeader {
		c.rest = nil
		return nil, false, false
	}
	header := int(binary.NativeEndian.Uint16(c.rest[captureHdrlen:]))
	length := uint64(binary.NativeEndian.Uint32(c.rest[captureCaplen:]))
	had := uint64(binary.NativeEndian.Uint32(c.rest[captureDatalen:]))
	if header < captureHeader || uint64(header)+length > uint64(len(c.rest)) {
		c.rest = nil
		return nil, false, false
	}
	end := header + int(length)
	frame = c.rest[header:end]
	next := (end + captureAlign - 1) / captureAlign * captureAlign
	c.rest = c.rest[min(next, len(c.rest)):] // behind the last there is no padding
	return frame, had <= length, true
}

// hand copies whole frames into the buffers of frames, as many as there are, and
// reslices these: to the frame's length, to nothing where it is longer than the
// buffer. It returns how many; those that no buffer is left for stay.
func (c *captures) hand(frames [][]byte) int {
	n := 0
	for n < len(frames) {
		frame, whole, ok := c.next()
		if !ok {
			break
		}
		if !whole {
			continue
		}
		buf := frames[n][:cap(frames[n])]
		if len(frame) > len(buf) {
			frame = nil
		}
		frames[n] = buf[:copy(buf, frame)]
		n++
	}
	return n
}
