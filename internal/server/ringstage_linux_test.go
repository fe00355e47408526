// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/internal/server"
	"vblade/internal/uring"
	"vblade/test/frametest"
	"vblade/test/lab"
	"vblade/test/slowdisk"
)

// pageLink is a link whose server sends from the buffers that it was given, and
// keeps them: their data begin a page, as O_DIRECT wants it.
type pageLink struct{ *frametest.Link }

// Send sends copies.
func (l pageLink) Send(frames [][]byte) (int, error) {
	copies := make([][]byte, len(frames))
	for i, f := range frames {
		copies[i] = bytes.Clone(f)
	}
	return l.Link.Send(copies)
}

// pageBuffers returns n buffers for a pageLink.
func pageBuffers(t testing.TB, n int) [][]byte {
	page := os.Getpagesize()
	area, err := unix.Mmap(-1, 0, 4*page*n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Munmap(area) })
	bufs := make([][]byte, n)
	for i := range bufs {
		bufs[i] = area[4*page*i+page-aoe.ATALen : 4*page*(i+1)]
	}
	return bufs
}

// alarmHost is a host whose alarm has a descriptor, which Ring makes readable.
type alarmHost struct {
	*frametest.Host
	alarm    int
	silenced atomic.Int32
}

// newAlarmHost returns a host for the length of a test.
func newAlarmHost(t testing.TB) *alarmHost {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return &alarmHost{Host: frametest.NewHost(), alarm: fd}
}

// Descriptors returns the alarm.
func (h *alarmHost) Descriptors() []int { return []int{h.alarm} }

// Silence counts.
func (h *alarmHost) Silence() { h.silenced.Add(1) }

// ring makes the alarm readable.
func (h *alarmHost) ring(t testing.TB) {
	t.Helper()
	if _, err := unix.Write(h.alarm, []byte{1, 0, 0, 0, 0, 0, 0, 0}); err != nil {
		t.Fatal(err)
	}
}

// startRing starts an engine on the files of 9.0, 9.1 and so on, with rings or
// without. Its link belongs to the host.
func startRing(t testing.TB, host server.Host, link *frametest.Link, rings bool, files ...*ata.File) *engine {
	t.Helper()
	e := &engine{stage: newStage(t, host, 0, 0), link: link}
	if rings {
		if err := e.server.UseRings(); err != nil {
			lab.Skip(t, err.Error(), "run on a kernel with io_uring")
		}
	}
	p, err := e.server.Attach(pageLink{link}, pageBuffers(t, engineBuffers))
	if err != nil {
		t.Fatal(err)
	}
	e.ports = append(e.ports, p)
	for i, f := range files {
		e.add(blade.New(f, blade.Config{Shelf: 9, Slot: uint8(i), Host: "h"}))
	}
	e.serve(patience)
	return e
}

// image makes a file of so many sectors, each filled with its number and one.
func image(t testing.TB, sectors int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(path, sectorsOf(0, sectors), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// sectorsOf returns n sectors as image fills them, from first on.
func sectorsOf(first, n int) []byte {
	var b []byte
	for i := range n {
		b = append(b, bytes.Repeat([]byte{byte(first + i + 1)}, ata.SectorSize)...)
	}
	return b
}

// openDirect opens a file with O_DIRECT that a ring reads and writes without
// waiting.
func openDirect(t testing.TB, path string) *ata.File {
	t.Helper()
	f, err := ata.OpenFile(path, ata.Options{Direct: true})
	if err != nil {
		lab.Skip(t, err.Error(), "set TMPDIR to a directory on ext4 or xfs")
	}
	t.Cleanup(func() { f.Close() })
	if got, err := uring.Probe(int(f.Descriptors()[0].Fd())); got != uring.Async {
		lab.Skip(t, fmt.Sprintf("a file that is read without waiting: %v, %v", got, err), "set TMPDIR to a directory on ext4 or xfs")
	}
	return f
}

// slowLoop returns a slow disk and a loop device over it: a disk that a ring reads
// without waiting, and that hangs at will.
func slowLoop(t testing.TB) (*slowdisk.Disk, *ata.File) {
	t.Helper()
	d := slowdisk.TestDisk(t, 1<<20)
	return d, openDirect(t, lab.LoopDevice(t, d.Path()).Name())
}
