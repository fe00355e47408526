// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vblade/internal/ata"
	"vblade/internal/uring"
	"vblade/test/frametest"
	"vblade/test/lab"
	"vblade/test/slowdisk"
)

// init adds the engines whose disks are the kernel's.
func init() {
	engines = append(engines,
		engineKind{name: "workers on a device", disk: newSlowDevice},
		engineKind{name: "io_uring", rings: true, disk: newSlowDevice})
}

// startOn starts an engine, with rings or without, on a disk for the length of a test.
func startOn(t testing.TB, rings bool, disk ata.Store) *engine {
	t.Helper()
	link := frametest.NewLink(9000)
	e := newEngine(t, link.Host, link, rings, disk)
	e.serve(patience)
	return e
}

// slowDevice is an unruly disk that a ring reads and writes without waiting: a loop
// device over a slow disk.
type slowDevice struct {
	*slowdisk.Disk
	file *ata.File
}

// ops are a slow disk's names for operations.
var ops = [ata.Ops]slowdisk.Op{ata.OpRead: slowdisk.Read, ata.OpWrite: slowdisk.Write, ata.OpFlush: slowdisk.Sync}

// newSlowDevice returns an unruly disk.
func newSlowDevice(t testing.TB) unruly {
	t.Helper()
	d, device := slowdisk.TestDevice(t, unrulySectors*ata.SectorSize)
	d.SetContent(sectorsOf(0, unrulySectors), 0)
	return &slowDevice{d, openDirect(t, device)}
}

// store returns the loop device.
func (d *slowDevice) store() ata.Store { return d.file }

// slow makes each call take as long as is drawn.
func (d *slowDevice) slow(draw func() time.Duration) {
	for _, op := range []slowdisk.Op{slowdisk.Read, slowdisk.Write, slowdisk.Sync} {
		d.Draw(op, draw)
	}
}

// hang makes calls wait.
func (d *slowDevice) hang(op ata.Op, first, n int64) {
	if op == ata.OpFlush {
		d.Hang(slowdisk.Sync)
		return
	}
	d.HangSectors(ops[op], first, n)
}

// release lets all calls go on.
func (d *slowDevice) release() {
	for _, op := range []slowdisk.Op{slowdisk.Read, slowdisk.Write, slowdisk.Sync} {
		d.Release(op)
	}
}

// entered returns how many calls have come.
func (d *slowDevice) entered(op ata.Op) int64 { return d.Entered(ops[op]) }

// spoil makes sectors bad.
func (d *slowDevice) spoil(first, n int64) { d.SetBadSectors(first, n, syscall.EIO) }

// content returns the bytes that the slow disk holds.
func (d *slowDevice) content() []byte {
	b := make([]byte, unrulySectors*ata.SectorSize)
	d.Content(b, 0)
	return b
}

// alarmHost is a host whose alarm has a descriptor, which Ring makes readable.
type alarmHost struct {
	*frametest.Host
	alarm    int
	fds      []int // the alarm
	silenced atomic.Int32
}

// newAlarmHost returns a host for the length of a test.
func newAlarmHost(t testing.TB) *alarmHost {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return &alarmHost{Host: frametest.NewHost(), alarm: fd, fds: []int{fd}}
}

// Descriptors returns the alarm.
func (h *alarmHost) Descriptors() []int { return h.fds }

// Silence counts.
func (h *alarmHost) Silence() { h.silenced.Add(1) }

// ring makes the alarm readable.
func (h *alarmHost) ring(t testing.TB) {
	t.Helper()
	if _, err := unix.Write(h.alarm, []byte{1, 0, 0, 0, 0, 0, 0, 0}); err != nil {
		t.Fatal(err)
	}
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
