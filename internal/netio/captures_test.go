// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
)

// capture lays a frame as the kernel does, behind a header of so many bytes, and
// says that the frame had length bytes before it was cut.
func capture(header int, frame []byte, length int) []byte {
	b := make([]byte, header, header+len(frame))
	binary.NativeEndian.PutUint64(b[0:], 1700000000)
	binary.NativeEndian.PutUint64(b[8:], uint64(length))
	binary.NativeEndian.PutUint32(b[16:], uint32(len(frame)))
	binary.NativeEndian.PutUint32(b[20:], uint32(length))
	binary.NativeEndian.PutUint16(b[24:], uint16(header))
	return append(b, frame...)
}

// everybody has every frame.
var everybody = addressee{foreign: true}

// image lays captures one behind the other: each but the first begins on a
// multiple of 8, and behind the last there is nothing.
func image(parts ...[]byte) []byte {
	var b []byte
	for _, p := range parts {
		for len(b)%8 != 0 {
			b = append(b, 0xee)
		}
		b = append(b, p...)
	}
	return b
}

// testFrame returns a frame of n bytes that differs from those of other lengths.
func testFrame(n int) []byte {
	f := make([]byte, n)
	for i := range f {
		f[i] = byte(i + 3*n)
	}
	return f
}

// TestCaptures walks what the kernel may write: all lengths modulo 8, headers of
// bpf_hdr's length on 64-bit systems and longer, frames cut short between others.
func TestCaptures(t *testing.T) {
	var parts [][]byte
	var want []int
	for n := 14; n < 40; n++ {
		for _, header := range []int{26, 32, 34} {
			parts = append(parts, capture(header, testFrame(n), n))
			want = append(want, n)
		}
		parts = append(parts, capture(26, testFrame(n), n+1)) // a frame cut short
	}
	for _, buffers := range []int{1, 2, 3, 64, 200} {
		t.Run(fmt.Sprint(buffers, " buffers"), func(t *testing.T) {
			c := captures{image(parts...)}
			var got []int
			for !c.empty() {
				frames := make([][]byte, buffers)
				for i := range frames {
					frames[i] = make([]byte, 0, 40)
				}
				for _, f := range frames[:c.hand(frames, nil, everybody)] {
					if !bytes.Equal(f, testFrame(len(f))) {
						t.Fatalf("a frame of %d bytes is % x", len(f), f)
					}
					got = append(got, len(f))
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("the frames have %v bytes; want %v", got, want)
			}
		})
	}
}

// TestCapturesLong hands frames to buffers that are shorter: these are empty,
// and get their length back with the next frame.
func TestCapturesLong(t *testing.T) {
	c := captures{image(capture(26, testFrame(61), 61), capture(26, testFrame(60), 60), capture(26, testFrame(59), 59))}
	frames := [][]byte{make([]byte, 3, 60), make([]byte, 0, 60), make([]byte, 60)}
	if n := c.hand(frames, nil, everybody); n != 3 || len(frames[0]) != 0 || !bytes.Equal(frames[1], testFrame(60)) || !bytes.Equal(frames[2], testFrame(59)) {
		t.Errorf("handed out %d frames of %d, %d and %d bytes", n, len(frames[0]), len(frames[1]), len(frames[2]))
	}
	c = captures{capture(26, testFrame(50), 50)}
	if n := c.hand(frames[:1], nil, everybody); n != 1 || !bytes.Equal(frames[0], testFrame(50)) {
		t.Errorf("the buffer that was empty then holds %d bytes", len(frames[0]))
	}
}

// TestCapturesBroken walks what no kernel writes: what stands before it is
// handed out, and the walk ends.
func TestCapturesBroken(t *testing.T) {
	good := capture(26, testFrame(60), 60) // 86 bytes: the next begins at 88
	header := func(n uint16) []byte {
		b := image(good, good)
		binary.NativeEndian.PutUint16(b[88+24:], n)
		return b
	}
	length := func(n uint32) []byte {
		b := image(good, good)
		binary.NativeEndian.PutUint32(b[88+16:], n)
		return b
	}
	for name, b := range map[string][]byte{
		"a header cut short":           image(good, good)[:88+25],
		"a frame cut short":            image(good, good)[:88+85],
		"a header of no length":        header(0),
		"a header shorter than it is":  header(25),
		"a header longer than all":     header(0xffff),
		"a frame longer than all":      length(61),
		"a frame of the largest count": length(0xffffffff),
	} {
		c := captures{b}
		frames := [][]byte{make([]byte, 100), make([]byte, 100), make([]byte, 100)}
		if n := c.hand(frames, nil, everybody); n != 1 || !bytes.Equal(frames[0], testFrame(60)) || !c.empty() {
			t.Errorf("%s: %d frames; %d bytes are left", name, n, len(c.rest))
		}
	}
}

// TestCapturesStamped hands frames with their time, as far as it is asked for.
func TestCapturesStamped(t *testing.T) {
	c := captures{image(capture(26, testFrame(60), 60), capture(26, testFrame(61), 62), capture(26, testFrame(59), 59), capture(26, testFrame(58), 58))}
	frames, stamps := [][]byte{make([]byte, 60), make([]byte, 60), make([]byte, 60)}, []int64{7, 7}
	if n := c.hand(frames, stamps, everybody); n != 3 || !slices.Equal(stamps, []int64{1700000000_000000060, 1700000000_000000059}) {
		t.Errorf("handed out %d frames, at %d", n, stamps)
	}
}

// TestCapturesOurs hands out what is sent to an address, and to groups.
func TestCapturesOurs(t *testing.T) {
	var parts [][]byte
	for _, to := range [][6]byte{{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}, {1, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 1, 1}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}} {
		f := testFrame(60)
		copy(f, to[:])
		parts = append(parts, capture(26, f, 60))
	}
	parts = append(parts, capture(26, []byte{2, 0, 0, 0, 0}, 5))
	for _, c := range []struct {
		ours addressee
		want int
	}{
		{addressee{mac: [6]byte{2, 0, 0, 0, 0, 1}}, 3},
		{addressee{}, 2},
		{everybody, 6},
	} {
		frames := make([][]byte, 10)
		for i := range frames {
			frames[i] = make([]byte, 60)
		}
		all := captures{image(parts...)}
		if n := all.hand(frames, nil, c.ours); n != c.want {
			t.Errorf("%+v: handed out %d frames; want %d", c.ours, n, c.want)
		}
	}
}

// TestCapturesNothingAllocates counts the allocations of handing out a batch.
func TestCapturesNothingAllocates(t *testing.T) {
	b := image(capture(26, testFrame(60), 60), capture(26, testFrame(1514), 1514), capture(26, testFrame(99), 100))
	frames := [][]byte{make([]byte, 2000), make([]byte, 2000), make([]byte, 2000)}
	if n := testing.AllocsPerRun(100, func() {
		c := captures{b}
		c.hand(frames, nil, everybody)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzCaptures walks any bytes: every step goes on, no frame reaches outside
// what is left, and what begins with a header that holds is handed out.
func FuzzCaptures(f *testing.F) {
	f.Add([]byte{})
	f.Add(image(capture(26, testFrame(60), 60)))
	f.Add(image(capture(26, testFrame(61), 62), capture(32, testFrame(15), 15), capture(26, nil, 0)))
	f.Fuzz(func(t *testing.T, b []byte) {
		original := bytes.Clone(b)
		c := captures{b}
		for at := 0; !c.empty(); {
			left := len(c.rest)
			if at = len(b) - left; at%8 != 0 {
				t.Fatalf("a header is looked for at %d", at)
			}
			next, ok := c.next()
			frame, whole := next.frame, next.whole
			if !ok {
				if !c.empty() {
					t.Fatal("the walk has ended and something is left")
				}
				break
			}
			if len(c.rest) >= left {
				t.Fatal("the walk does not go on")
			}
			header := b[at:]
			if had := binary.NativeEndian.Uint32(header[20:]); whole != (int(had) <= len(frame)) {
				t.Fatalf("a frame of %d bytes, %d of them here: whole is %v", had, len(frame), whole)
			}
			from := int(binary.NativeEndian.Uint16(header[24:]))
			if from < 26 || !bytes.Equal(frame, header[from:from+int(binary.NativeEndian.Uint32(header[16:]))]) {
				t.Fatal("the frame is not what the header says")
			}
		}
		if !bytes.Equal(b, original) {
			t.Fatal("the walk writes")
		}
	})
}
