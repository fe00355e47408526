// SPDX-License-Identifier: GPL-2.0-only

package netio

import "encoding/binary"

// Offsets of the fields of struct bpf_xhdr (bpf(4)) on 64-bit systems, in bytes,
// and the alignment of the next header.
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

// captures is the rest of what one read from a BPF descriptor has returned:
// frames, each after a header.
type captures struct{ rest []byte }

// captured is a captured frame.
type captured struct {
	frame []byte
	whole bool  // all of it was captured
	stamp int64 // when it arrived, in nanoseconds
}

// empty reports whether no frame is left.
func (c *captures) empty() bool { return len(c.rest) == 0 }

// next returns the next frame and skips it; ok is false if there is none. A
// malformed header ends the list, because it does not say where the next one is.
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
	c.rest = c.rest[min(next, len(c.rest)):] // there is no padding after the last frame
	return f, true
}

// stamp returns the time in a header.
func stamp(header []byte) int64 {
	return int64(binary.NativeEndian.Uint64(header[captureSec:])*1e9 + binary.NativeEndian.Uint64(header[captureNsec:]))
}

// hand copies whole frames that are for us into the buffers of frames, and
// reslices these to the frame's length, or to 0 if the frame is longer than the
// buffer. It sets their stamps, as far as there are any. It returns how many it
// has copied, and keeps frames for which no buffer is left.
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

// addressee says which frames are for us, by their destination address.
type addressee struct {
	mac     [6]byte
	foreign bool // frames for other stations are for us, too
}

// has reports whether a frame is sent to us or to a group.
func (a addressee) has(frame []byte) bool {
	return a.foreign || len(frame) >= len(a.mac) && (frame[0]&1 != 0 || [6]byte(frame[:6]) == a.mac)
}
