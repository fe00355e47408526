// SPDX-License-Identifier: GPL-2.0-only

package confine_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"vblade/internal/confine"
)

// wantedServer is what comes of what a confined server tries.
var wantedServer = map[string]string{
	"read another file":      "EACCES",
	"write another file":     "EACCES",
	"truncate another file":  "EACCES",
	"remove another file":    "EACCES",
	"make a file":            "EACCES",
	"list a directory":       "EACCES",
	"execute a program":      "EACCES",
	"connect by TCP":         "EACCES",
	"bind by TCP":            "EACCES",
	"signal another process": "EPERM",
	"use an abstract socket": "EPERM",
	"take a capability":      "EPERM",
	"take an interface down": "EPERM",
	"open the file":          "EACCES",
	"open it by /proc":       "EACCES",

	"use netlink":              "done",
	"open a netlink socket":    "done",
	"open a packet socket":     "done",
	"bind the packet socket":   "done",
	"notify the system's init": "done",
	"signal itself":            "done",

	"open a packet socket and its ring": "done",
	"open an AF_XDP socket":             "done",
	"make an io_uring":                  "done",
	"make a memory file":                "done",
	"be handed a disk":                  "done",
	"read the disk":                     "done",
	"write the disk":                    "done",
	"flush the disk":                    "done",
	"find the size of the disk":         "done",
}

// TestServer has a process that opens no file confine itself and try what it may
// not do any more, and what adding an export or a link takes.
func TestServer(t *testing.T) {
	host, dir := newSurroundings(t)
	handOver(t, dir)
	checkConfined(t, host, dir, "server", wantedServer)
}

// handName is a socket of the test, at which the disk is handed out.
const handName = "hand"

// handOver hands the disk to whoever connects, for the length of the test.
func handOver(t *testing.T, dir string) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, handName), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	disk, err := os.OpenFile(filepath.Join(dir, diskName), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { disk.Close() })
	go func() {
		conn, err := l.AcceptUnix()
		if err != nil {
			return
		}
		defer conn.Close()
		conn.WriteMsgUnix([]byte{0}, unix.UnixRights(int(disk.Fd())), nil)
	}()
}

// runServer is the confined server.
func runServer(dir string) error {
	s, err := open(dir)
	if err != nil {
		return err
	}
	s.disk.Close()
	hand, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: s.path(handName), Net: "unix"})
	if err != nil {
		return err
	}
	unlimited := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	unix.Setrlimit(unix.RLIMIT_MEMLOCK, &unlimited) // as far as it may
	if err := confine.Server(); err != nil {
		return err
	}
	results := map[string]string{}
	for name, try := range s.tries() {
		if _, ok := wantedServer[name]; ok {
			results[name] = outcome(try())
		}
	}
	err = s.beHanded(hand)
	results["be handed a disk"] = outcome(err)
	for name, try := range s.serverTries() {
		results[name] = outcome(try())
	}
	fmt.Println("confined")
	return s.publish(results)
}

// beHanded receives the disk over a socket.
func (s *site) beHanded(conn *net.UnixConn) error {
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	oob := make([]byte, 64)
	_, n, _, _, err := conn.ReadMsgUnix(make([]byte, 1), oob)
	if err != nil {
		return err
	}
	messages, err := unix.ParseSocketControlMessage(oob[:n])
	if err != nil || len(messages) != 1 {
		return fmt.Errorf("%d messages: %w", len(messages), err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return err
	}
	s.disk = os.NewFile(uintptr(fds[0]), diskName)
	return nil
}

// serverTries returns what the confined server tries beside what a confined
// process does.
func (s *site) serverTries() map[string]func() error {
	return map[string]func() error{
		"open the file": func() error { return s.openDisk(s.path(diskName)) },
		"open it by /proc": func() error {
			return s.openDisk(fmt.Sprintf("/proc/self/fd/%d", s.disk.Fd()))
		},
		"read the disk":                     func() error { _, err := s.disk.ReadAt(make([]byte, 512), 0); return err },
		"write the disk":                    func() error { _, err := s.disk.WriteAt(make([]byte, 512), 0); return err },
		"flush the disk":                    func() error { return unix.Fdatasync(int(s.disk.Fd())) },
		"find the size of the disk":         func() error { _, err := s.disk.Stat(); return err },
		"open a netlink socket":             func() error { return closed(unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE)) },
		"open a packet socket and its ring": openRing,
		"open an AF_XDP socket":             openXDP,
		"make an io_uring":                  makeRing,
		"make a memory file":                func() error { return closed(unix.MemfdCreate("x", unix.MFD_CLOEXEC)) },
	}
}

// closed closes a descriptor that could be opened.
func closed(fd int, err error) error {
	if err == nil {
		unix.Close(fd)
	}
	return err
}

// openDisk opens the disk for writing.
func (s *site) openDisk(path string) error {
	return closed(unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0))
}

// openRing opens a packet socket with a receive ring.
func openRing() error {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return err
	}
	ring := unix.TpacketReq3{Block_size: 1 << 16, Block_nr: 4, Frame_size: 1 << 11, Frame_nr: 128}
	return unix.SetsockoptTpacketReq3(fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &ring)
}

// openXDP opens an AF_XDP socket with memory of its own.
func openXDP() error {
	fd, err := unix.Socket(unix.AF_XDP, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	memory, err := unix.Mmap(-1, 0, 1<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return err
	}
	defer unix.Munmap(memory)
	reg := unix.XDPUmemReg{Addr: uint64(uintptr(unsafe.Pointer(&memory[0]))), Len: uint64(len(memory)), Size: 4096}
	_, _, e := unix.Syscall6(unix.SYS_SETSOCKOPT, uintptr(fd), unix.SOL_XDP, unix.XDP_UMEM_REG,
		uintptr(unsafe.Pointer(&reg)), unsafe.Sizeof(reg), 0)
	if e != 0 {
		return e
	}
	return nil
}

// makeRing makes an io_uring.
func makeRing() error {
	var params [120]byte
	fd, _, e := unix.Syscall(unix.SYS_IO_URING_SETUP, 8, uintptr(unsafe.Pointer(&params)), 0)
	if e != 0 {
		return e
	}
	return unix.Close(int(fd))
}
