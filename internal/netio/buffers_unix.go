// SPDX-License-Identifier: GPL-2.0-only

//go:build linux || freebsd

package netio

// layBuffers cuts n frame buffers of MaxFrame bytes out of an area, such that the
// byte at offset align of each starts a page.
func layBuffers(area []byte, n, align, page int) [][]byte {
	bufs := make([][]byte, n)
	for i := range bufs {
		first := page - align + i*bufferStride(page)
		bufs[i] = area[first : first+MaxFrame : first+MaxFrame]
	}
	return bufs
}

// areaSize is the length in bytes of the area that n frame buffers need.
func areaSize(n, page int) int { return page + n*bufferStride(page) }

// bufferStride is the distance from one buffer to the next, in bytes.
func bufferStride(page int) int { return (MaxFrame + page - 1) / page * page }
