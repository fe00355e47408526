// SPDX-License-Identifier: GPL-2.0-only

package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// Host is a network namespace of its own with its loopback interface up.
type Host struct {
	ns, home *os.File // the Host's namespace, and the one of this process
}

// NewHost makes an empty Host. The caller closes it.
func NewHost() (*Host, error) {
	home, err := os.Open("/proc/self/ns/net")
	if err != nil {
		return nil, fmt.Errorf("find this process's network namespace: %w", err)
	}
	h := &Host{home: home}
	if err := h.onThread(h.unshare); err != nil {
		h.Close()
		return nil, err
	}
	if err := h.Run("ip", "link", "set", "lo", "up"); err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

// unshare moves the calling thread to a new namespace and keeps hold of it.
func (h *Host) unshare() error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		if errors.Is(err, unix.EPERM) {
			return fmt.Errorf("make a network namespace: %w (needs root, or run the command under `unshare -rn`)", err)
		}
		return fmt.Errorf("make a network namespace: %w", err)
	}
	ns, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return fmt.Errorf("keep the new network namespace: %w", err)
	}
	h.ns = ns
	return nil
}

// Close releases the namespace. Programs that still run in it keep it alive.
func (h *Host) Close() error {
	h.home.Close()
	if h.ns == nil {
		return nil
	}
	return h.ns.Close()
}

// Do runs f on a thread inside the namespace. Sockets that f opens belong to
// the namespace for good; goroutines that f starts do not.
func (h *Host) Do(f func() error) error {
	return h.onThread(func() error {
		if err := unix.Setns(int(h.ns.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("enter the network namespace: %w", err)
		}
		return f()
	})
}

// onThread runs f, which may change the namespace, on a thread of its own and
// brings the thread home. A thread that cannot come home ends with its goroutine:
// no other goroutine may run in the wrong namespace.
func (h *Host) onThread(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := f()
		if unix.Setns(int(h.home.Fd()), unix.CLONE_NEWNET) == nil {
			runtime.UnlockOSThread()
		}
		done <- err
	}()
	return <-done
}

// Start starts cmd inside the namespace; the kernel ends it if this process
// dies first.
func (h *Host) Start(cmd *exec.Cmd) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = new(syscall.SysProcAttr)
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	return h.Do(cmd.Start)
}

// Run runs a program inside the namespace to its end; the error holds what it
// printed.
func (h *Host) Run(name string, args ...string) error {
	out, err := h.Output(name, args...)
	if err != nil {
		return fmt.Errorf("%s %v: %w: %s", name, args, err, out)
	}
	return nil
}

// Output is Run for a caller that wants what the program printed (standard
// output and error together), also where it failed.
func (h *Host) Output(name string, args ...string) ([]byte, error) {
	var out []byte
	err := h.Do(func() (err error) {
		path, err := Find(name)
		if err != nil {
			return err
		}
		out, err = exec.Command(path, args...).CombinedOutput()
		return err
	})
	return out, err
}

// minIPv6 is the smallest MTU of an interface that has IPv6, in bytes.
const minIPv6 = 1280

// Wire lays a wire: a veth pair of an MTU, in bytes, with both ends up.
func (h *Host) Wire(a, b string, mtu int) error { return h.WireTo(h, a, b, mtu) }

// WireTo is Wire with its end b on another Host.
func (h *Host) WireTo(far *Host, a, b string, mtu int) error {
	m := strconv.Itoa(mtu)
	ns := fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), far.ns.Fd())
	if err := h.Run("ip", "link", "add", a, "mtu", m, "type", "veth", "peer", "name", b, "mtu", m, "netns", ns); err != nil {
		return err
	}
	return errors.Join(h.raise(a, mtu), far.raise(b, mtu))
}

// raise brings an end of a wire up.
func (h *Host) raise(end string, mtu int) error {
	args := []string{"link", "set", end}
	if mtu >= minIPv6 {
		// Without IPv6 addresses nothing but our own frames is on the wire.
		args = append(args, "addrgenmode", "none")
	}
	return h.Run("ip", append(args, "up")...)
}

// Find finds a program, also in the system's administration directories, which
// a user's PATH leaves out.
func Find(program string) (string, error) {
	for _, dir := range []string{"", "/usr/sbin/", "/sbin/"} {
		if path, err := exec.LookPath(dir + program); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s: no such program", program)
}
