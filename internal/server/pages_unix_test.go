// SPDX-License-Identifier: GPL-2.0-only

//go:build unix

package server_test

import (
	"bytes"
	"os"
	"unsafe"

	"vblade/internal/aoe"
	"vblade/test/frametest"
)

// attachPages puts a link into use with n buffers as O_DIRECT wants them.
func (s *stage) attachPages(l *frametest.Link, n int) {
	s.t.Helper()
	p, err := s.server.Attach(pageLink{l}, pageBuffers(n))
	if err != nil {
		s.t.Fatal(err)
	}
	s.ports = append(s.ports, p)
}

// pageLink is a link whose server sends from the buffers that it was given, and
// keeps them: their data begin a page.
type pageLink struct{ *frametest.Link }

// Send sends copies.
func (l pageLink) Send(frames [][]byte) (int, error) {
	copies := make([][]byte, len(frames))
	for i, f := range frames {
		copies[i] = bytes.Clone(f)
	}
	return l.Link.Send(copies)
}

// pageBuffers returns n buffers for a pageLink. They stay for as long as a request
// that hangs uses them.
func pageBuffers(n int) [][]byte {
	page := os.Getpagesize()
	area := make([]byte, (4*n+1)*page)
	area = area[-int(uintptr(unsafe.Pointer(unsafe.SliceData(area))))&(page-1):]
	bufs := make([][]byte, n)
	for i := range bufs {
		bufs[i] = area[4*page*i+page-aoe.ATALen : 4*page*(i+1)]
	}
	return bufs
}
