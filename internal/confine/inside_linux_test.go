// SPDX-License-Identifier: GPL-2.0-only

package confine_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"

	"vblade/internal/confine"
)

// Names in the directory that the two processes share.
const (
	diskName   = "disk"    // the file that stays
	otherName  = "other"   // one that does not
	resultName = "results" // a socket of the confined process: the results by HTTP
	notifyName = "notify"  // a socket of the test, as systemd has one
	abstract   = "@vblade-confine-test"
)

// site is what the confined process has open, as vblade has.
type site struct {
	dir     string
	disk    *os.File
	results net.Listener
	netlink int
	packet  int
	lo      *net.Interface
}

// open opens what vblade opens before it is confined.
func open(dir string) (s *site, err error) {
	s = &site{dir: dir}
	if s.disk, err = os.OpenFile(s.path(diskName), os.O_RDWR, 0); err != nil {
		return nil, err
	}
	if s.results, err = net.Listen("unix", s.path(resultName)); err != nil {
		return nil, err
	}
	if s.netlink, err = unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE); err != nil {
		return nil, err
	}
	if s.lo, err = net.InterfaceByName("lo"); err != nil {
		return nil, err
	}
	s.packet, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	return s, err
}

// path returns the path of a name in the directory.
func (s *site) path(name string) string { return filepath.Join(s.dir, name) }

// runInside is the confined process: it opens, confines itself, tries, and serves
// the results by HTTP until its standard input ends.
func runInside(dir string) error {
	s, err := open(dir)
	if err != nil {
		return err
	}
	older := newThreads(8)
	if err := confine.Process(s.path(diskName), false, false); err != nil {
		return err
	}
	results := map[string]string{}
	for name, try := range s.tries() {
		results[name] = outcome(try())
	}
	for name, t := range map[string]*threads{"older": older, "younger": newThreads(8)} {
		results["read another file, "+name+" threads"] = outcome(t.do(func() error { return s.openOther(unix.O_RDONLY) }))
	}
	fmt.Println("confined")
	return s.publish(results)
}

// publish serves results by HTTP until standard input ends.
func (s *site) publish(results map[string]string) error {
	go http.Serve(s.results, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { json.NewEncoder(w).Encode(results) }))
	os.Stdin.Read(make([]byte, 1))
	return nil
}

// outcome names the result of a try.
func outcome(err error) string {
	var e syscall.Errno
	switch {
	case err == nil:
		return "done"
	case errors.As(err, &e):
		return unix.ErrnoName(e)
	}
	return err.Error()
}

// tries returns what the confined process tries to do.
func (s *site) tries() map[string]func() error {
	return map[string]func() error{
		"read another file":        func() error { return s.openOther(unix.O_RDONLY) },
		"write another file":       func() error { return s.openOther(unix.O_WRONLY) },
		"truncate another file":    func() error { return unix.Truncate(s.path(otherName), 0) },
		"remove another file":      func() error { return unix.Unlink(s.path(otherName)) },
		"make a file":              func() error { return os.WriteFile(s.path("new"), nil, 0o600) },
		"list a directory":         func() error { _, err := os.ReadDir(s.dir); return err },
		"execute a program":        func() error { _, err := syscall.ForkExec("/bin/true", []string{"true"}, nil); return err },
		"connect by TCP":           func() error { return tcp(unix.Connect) },
		"bind by TCP":              func() error { return tcp(unix.Bind) },
		"signal another process":   func() error { return unix.Kill(os.Getppid(), 0) },
		"use an abstract socket":   func() error { return notify(abstract) },
		"take a capability":        raise,
		"take an interface down":   s.takeDown,
		"ask for the file's size":  func() error { _, err := s.disk.Stat(); return err },
		"ask for the path":         func() error { _, err := os.Stat(s.path(diskName)); return err },
		"read":                     func() error { _, err := s.disk.ReadAt(make([]byte, 512), 0); return err },
		"write":                    func() error { _, err := s.disk.WriteAt(make([]byte, 512), 0); return err },
		"flush":                    func() error { return unix.Fdatasync(int(s.disk.Fd())) },
		"open the file again":      func() error { _, err := unix.Open(s.path(diskName), unix.O_RDWR, 0); return err },
		"use netlink":              s.askNetlink,
		"open a packet socket":     func() error { _, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0); return err },
		"bind the packet socket":   s.bindPacket,
		"notify the system's init": func() error { return notify(s.path(notifyName)) },
		"signal itself":            func() error { return unix.Kill(os.Getpid(), 0) },
	}
}

// openOther opens the other file.
func (s *site) openOther(flags int) error {
	fd, err := unix.Open(s.path(otherName), flags|unix.O_CLOEXEC, 0)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

// tcp makes a TCP socket and does something with it and a local address.
func tcp(do func(int, unix.Sockaddr) error) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return do(fd, &unix.SockaddrInet4{Port: 9, Addr: [4]byte{127, 0, 0, 1}})
}

// notify sends a datagram to a unix socket.
func notify(path string) error {
	conn, err := net.Dial("unixgram", path)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Write([]byte("READY=1"))
	return err
}

// raise asks for a capability.
func raise() error {
	set := cap.GetProc()
	set.SetFlag(cap.Permitted, true, cap.NET_ADMIN)
	return set.SetProc()
}

// takeDown takes the loopback interface down.
func (s *site) takeDown() error {
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(0)
	return unix.IoctlIfreq(s.packet, unix.SIOCSIFFLAGS, request)
}

// askNetlink asks the kernel for its interfaces.
func (s *site) askNetlink() error {
	request := unix.NlMsghdr{Len: unix.NLMSG_HDRLEN + 1, Type: unix.RTM_GETLINK, Flags: unix.NLM_F_REQUEST | unix.NLM_F_DUMP}
	message := append((*[unix.NLMSG_HDRLEN]byte)(unsafe.Pointer(&request))[:], 0)
	if err := unix.Sendto(s.netlink, message, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	_, _, err := unix.Recvfrom(s.netlink, make([]byte, 1<<16), 0)
	return err
}

// bindPacket binds the packet socket, as to an interface that was made anew.
func (s *site) bindPacket() error {
	return unix.Bind(s.packet, &unix.SockaddrLinklayer{Protocol: 0x88b5, Ifindex: s.lo.Index})
}

// threads are threads of the process that wait for something to do.
type threads struct {
	work    []chan func() error
	results chan error
}

// newThreads starts n threads.
func newThreads(n int) *threads {
	t := &threads{results: make(chan error)}
	for range n {
		work := make(chan func() error)
		t.work = append(t.work, work)
		go func() {
			runtime.LockOSThread()
			for f := range work {
				t.results <- f()
			}
		}()
	}
	return t
}

// do has every thread do f; it returns an error only if every one did.
func (t *threads) do(f func() error) error {
	var all error
	succeeded := false
	for _, work := range t.work {
		work <- f
		if err := <-t.results; err != nil {
			all = err
		} else {
			succeeded = true
		}
	}
	if succeeded {
		return nil
	}
	return all
}
