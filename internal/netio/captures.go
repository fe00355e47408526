// SPDX-License-Identifier: GPL-2.0-only

package netio

import "encoding/binary"

// Where the fields of struct bpf_xhdr (bpf(4)) stand on 64-bit systems, in bytes,
// and what the next header begins on a multiple of.
//
//	0          8             16         20          24        26
//	| seconds  | nanoseconds | caplen   | datalen   | hdrlen  | padding, then caplen bytes of the frame
const (
	captureSec     = 0
	captureNsec    = 8
	captureCaplen  = 16 // bytes of the frame that follow
	captureDatalen = 20 // bytes that the frame had
	captureHdrlen  = 24 // bytes of this header and its padding
	captureHeader  = 26 // the shortest header
	captureAlign   = 8
)

// captures is what is left of one read from a BPF descriptor: frames, each
// behind a header, as the kernel lays them.
type captures struct{ rest []byte }

// captured is one of them.
type captured struct {
	frame []byte
	whole bool  // the kernel has kept all of it
	stamp int64 // when it came, in nanoseconds
}

// empty tells that there is nothing left.
func (c *captures) empty() bool { return len(c.rest) == 0 }

// next takes the next frame; ok is false where there is no more. What no kernel
// writes ends the walk: nobody could say where the next header is.
func (c *captures) next() (f captured, ok bool) {
	if len(c.rest) < captureHeader {
		c.rest = nil
		return f, false
	}
	header := int(binary.NativeEndian.Uint16(c.rest[captureHdrlen:]))
	length := uint64(binary.NativeEndian.Uint32(c.rest[captureCaplen:]))
	had := uint64(binary.NativeEndian.Uint32(c.rest[captureDatalen:]))
	if header < captureHeader || uint64(header)+length > uint64(len(c.rest)) {
		c.rest = nil
		return f, false
	}
	end := header + int(length)
	f = captured{c.rest[header:end], had <= length, stamp(c.rest)}
	next := (end + captureAlign - 1) / captureAlign * captureAlign
	c.rest = c.rest[min(next, len(c.rest)):] // behind the last there is no padding
	return f, true
}

// stamp returns the time that stands in a header.
func stamp(header []byte) int64 {
	return int64(binary.NativeEndian.Uint64(header[captureSec:])*1e9 + binary.NativeEndian.Uint64(header[captureNsec:]))
}

// hand copies whole frames that are ours into the buffers of frames, as many as
// there are, and reslices these: to the frame's length, to nothing where it is
// longer than the buffer. Each has its stamp, as far as there are stamps. It
// returns how many; those that no buffer is left for stay.
func (c *captures) hand(frames [][]byte, stamps []int64, ours addressee) int {
	n := 0
	for n < len(frames) {
		f, ok := c.next()
		if !ok {
			break
		}
		if !f.whole || !ours.has(f.frame) {
			continue
		}
		buf := frames[n][:cap(frames[n])]
		if len(f.frame) > len(buf) {
			f.frame = nil
		}
		frames[n] = buf[:copy(buf, f.frame)]
		if n < len(stamps) {
			stamps[n] = f.stamp
		}
		n++
	}
	return n
}

// addressee says which frames are ours, by the address that they are sent to.
type addressee struct {
	mac     [6]byte
	foreign bool // those for other stations, too
}

// has tells whether a frame is sent to us or to a group.
func (a addressee) has(frame []byte) bool {
	return a.foreign || len(frame) >= len(a.mac) && (frame[0]&1 != 0 || [6]byte(frame[:6]) == a.mac)
}
