// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"fmt"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// conn is a bpf(4) descriptor.
type conn struct {
	fd   int
	size int // of the kernel's buffers, and of every read, in bytes
}

// directionIn is BPF_D_IN of <net/bpf.h>: only incoming frames.
const directionIn = 0

// maxNumbered is how many numbered devices are tried if there is no cloning one.
const maxNumbered = 256

// newConn opens a descriptor on an interface. It holds up to so many bytes of
// frames, and only frames that program passes.
func newConn(name string, bytes int, program []bpf.RawInstruction) (*conn, error) {
	fd, err := openDevice()
	if err != nil {
		return nil, fmt.Errorf("open a bpf device: %w%s", err, deviceHint(err))
	}
	c := &conn{fd: fd}
	if err := c.setUp(name, bytes, program); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// openDevice opens the cloning device or, if there is none, the first numbered
// one that is not in use.
func openDevice() (int, error) {
	const flags = unix.O_RDWR | unix.O_NONBLOCK | unix.O_CLOEXEC
	fd, err := unix.Open("/dev/bpf", flags, 0)
	if err != unix.ENOENT {
		return fd, err
	}
	for i := range maxNumbered {
		if fd, err = unix.Open(fmt.Sprintf("/dev/bpf%d", i), flags, 0); err != unix.EBUSY {
			break
		}
	}
	return fd, err
}

// deviceHint says what to do about an error of opening the device.
func deviceHint(err error) string {
	switch err {
	case unix.EACCES, unix.EPERM:
		return " (needs root, or read and write permission for /dev/bpf, which devfs.rules(5) can give)"
	case unix.ENOENT:
		return " (a jail needs a devfs ruleset that unhides bpf*, a kernel of one's own the device bpf)"
	case unix.EBUSY:
		return " (other programs use them all)"
	}
	return ""
}

// setUp sets what the descriptor receives, and binds it last, so that even the
// first frame has passed the filter.
func (c *conn) setUp(name string, bytes int, program []bpf.RawInstruction) error {
	if err := c.checkVersion(); err != nil {
		return err
	}
	for _, o := range []struct {
		what    string
		request uint
		value   uint32
	}{
		{"be told of each frame at once", unix.BIOCIMMEDIATE, 1},
		{"leave the source address of frames alone", unix.BIOCSHDRCMPLT, 1},
		{"see incoming frames only", unix.BIOCSDIRECTION, directionIn},
		{"stamp frames in nanoseconds", unix.BIOCSTSTAMP, unix.BPF_T_NANOTIME},
	} {
		if err := ioctl(c.fd, o.request, &o.value); err != nil {
			return fmt.Errorf("ask bpf to %s: %w", o.what, err)
		}
	}
	if err := c.setFilter(unix.BIOCSETF, program); err != nil {
		return err
	}
	if err := c.attach(name, bytes); err != nil {
		return err
	}
	if !c.ethernet() {
		return fmt.Errorf("interface %s is not Ethernet; name one that carries Ethernet frames", name)
	}
	return nil
}

// checkVersion asks whether the kernel understands our filter programs.
func (c *conn) checkVersion() error {
	var v unix.BpfVersion
	if err := ioctl(c.fd, unix.BIOCVERSION, &v); err != nil {
		return fmt.Errorf("ask for the version of bpf: %w", err)
	}
	if v.Major != unix.BPF_MAJOR_VERSION || v.Minor < unix.BPF_MINOR_VERSION {
		return fmt.Errorf("the kernel has version %d.%d of bpf; vblade needs %d.%d",
			v.Major, v.Minor, unix.BPF_MAJOR_VERSION, unix.BPF_MINOR_VERSION)
	}
	return nil
}

// setFilter sets the filter program. The request BIOCSETF drops the frames that
// the kernel holds, BIOCSETFNR keeps them.
func (c *conn) setFilter(request uint, program []bpf.RawInstruction) error {
	p := unix.BpfProgram{
		Len:   uint32(len(program)),
		Insns: (*unix.BpfInsn)(unsafe.Pointer(unsafe.SliceData(program))), // layout_freebsd.go compares them
	}
	if err := ioctl(c.fd, request, &p); err != nil {
		return fmt.Errorf("set a bpf filter of %d instructions: %w", len(program), err)
	}
	return nil
}

// attach binds the descriptor to the interface of a name, with buffers as large
// as the kernel allows. There are two: the kernel fills one while the other is
// read.
func (c *conn) attach(name string, bytes int) error {
	if bytes == 0 {
		bytes = 2 * unix.BPF_MAXBUFSIZE
	}
	var err error
	for size := uint32(max(bytes/2, smallestBuffer)); size >= smallestBuffer; size /= 2 {
		granted := size // BIOCSBLEN reduces it to what net.bpf.maxbufsize allows
		if err = ioctl(c.fd, unix.BIOCSBLEN, &granted); err == nil {
			err = c.bind(name)
		}
		if err != unix.ENOBUFS && err != unix.ENOMEM {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("bind a bpf descriptor to %s: %w", name, err)
	}
	var size uint32
	if err := ioctl(c.fd, unix.BIOCGBLEN, &size); err != nil {
		return fmt.Errorf("ask for the size of the bpf buffers: %w", err)
	}
	if size < smallestBuffer {
		return fmt.Errorf("bpf buffers of %d bytes hold no long frame; enlarge them with: %s", size, raiseBuffer(2*smallestBuffer))
	}
	c.size = int(size)
	return nil
}

// bind binds the descriptor to the interface that has a name now. The kernel then
// drops the frames that the descriptor holds and resets its counts.
func (c *conn) bind(name string) error {
	var req ifreq
	copy(req.name[:len(req.name)-1], name)
	return ioctl(c.fd, unix.BIOCSETIF, &req)
}

// ethernet reports whether the descriptor is bound to an interface that carries
// Ethernet frames.
func (c *conn) ethernet() bool {
	var dlt uint32
	return ioctl(c.fd, unix.BIOCGDLT, &dlt) == nil && dlt == unix.DLT_EN10MB
}

// boundTo returns an ifreq with the present name of the interface to which the
// descriptor is bound, or false if the interface is gone.
func (c *conn) boundTo() (req ifreq, ok bool) {
	return req, c.ethernet() && ioctl(c.fd, unix.BIOCGETIF, &req) == nil
}

// dropped returns how many frames the kernel has dropped for lack of room since
// the descriptor was bound.
func (c *conn) dropped() (uint32, error) {
	var s unix.BpfStat
	err := ioctl(c.fd, unix.BIOCGSTATS, &s)
	return s.Drop, err
}

// write sends a frame.
func (c *conn) write(frame []byte) error {
	for {
		if _, err := unix.Write(c.fd, frame); err != unix.EINTR {
			return err
		}
	}
}

// read fills buf, which has the size of the kernel's buffers, with the frames
// that have arrived, and returns how many bytes they take; 0 together with an
// error.
func (c *conn) read(buf []byte) (int, error) {
	n, err := unix.Read(c.fd, buf)
	return max(0, n), err
}

// close closes the descriptor.
func (c *conn) close() error { return unix.Close(c.fd) }

// ioctl calls ioctl(2) with an argument whose length layout_freebsd.go compares
// with the request's.
func ioctl[T any](fd int, request uint, arg *T) error {
	_, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(request), uintptr(unsafe.Pointer(arg)))
	if e != 0 {
		return e
	}
	return nil
}

// isFate reports whether an error of sending only means that the frame is lost:
// the interface is down, gone or full, the frame is too long for the interface or
// the kernel, or a packet filter refuses it.
func isFate(err error) bool {
	switch err {
	case unix.ENETDOWN, unix.ENXIO, unix.ENOBUFS, unix.ENOMEM, unix.EMSGSIZE, unix.EIO, unix.EACCES, unix.EPERM:
		return true
	}
	return false
}
