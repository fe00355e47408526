// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"vblade/test/lab"
)

// bootLimit bounds a guest's boot, which takes 5 to 10 seconds.
const bootLimit = 2 * time.Minute

// guest is a running virtual machine. The process guest/agent in it executes
// commands; that file describes the lines exchanged with it.
type guest struct {
	mac     string // of its eth0, in lower case with colons
	qemu    *process
	control net.Conn

	mu      sync.Mutex
	ready   bool            // the boot is complete
	jobs    map[int]*job    // those not ended, by number
	count   int             // of all jobs so far
	devices map[string]bool // the block devices that came and did not go, named as in /dev
	changed chan struct{}   // closed by the next change of ready or devices
}

// bootGuest boots a guest on the tap device of h; boot is the directory that
// holds its vmlinuz and initramfs, more are further arguments of qemu's.
func bootGuest(h *lab.Host, boot, tap string, more ...string) (*guest, error) {
	control, far, err := socketPair()
	if err != nil {
		return nil, err
	}
	defer far.Close()
	g := &guest{
		mac:     macOf(tap),
		control: control,
		jobs:    map[int]*job{},
		devices: map[string]bool{},
		changed: make(chan struct{}),
	}
	cmd := exec.Command("qemu-system-x86_64", append(qemuArgs(boot, tap, g.mac), more...)...)
	cmd.ExtraFiles = []*os.File{far}
	if g.qemu, err = startProcess(h, cmd); err != nil {
		control.Close()
		return nil, err
	}
	go g.listen()
	if err := g.await("the end of its boot", bootLimit, func() bool { return g.ready }); err != nil {
		g.kill()
		return nil, fmt.Errorf("%w; its console ends:\n%s", err, g.console())
	}
	return g, nil
}

// kernelOptions is the command line of a guest's kernel.
const kernelOptions = "console=ttyS0 quiet panic=-1 nokaslr mitigations=off"

// qemuArgs is the command line of a guest. Its control port is on descriptor 3.
func qemuArgs(boot, tap, mac string) []string {
	return []string{
		"-accel", "tcg", "-cpu", "max", "-m", "512", "-nodefaults", "-no-user-config",
		"-display", "none", "-no-reboot", "-serial", "stdio",
		"-kernel", filepath.Join(boot, "vmlinuz"), "-initrd", filepath.Join(boot, "initramfs"),
		"-append", kernelOptions,
		"-netdev", "tap,id=net,script=no,downscript=no,ifname=" + tap,
		"-device", "virtio-net-pci,netdev=net,romfile=,mac=" + mac,
		"-chardev", "socket,id=control,fd=3",
		"-device", "virtio-serial-pci", "-device", "virtserialport,chardev=control",
	}
}

// secondNIC are the further arguments of qemu's for a guest with another interface,
// eth1, on the tap device given.
func secondNIC(tap string) []string {
	return []string{
		"-netdev", "tap,id=net1,script=no,downscript=no,ifname=" + tap,
		"-device", "virtio-net-pci,netdev=net1,romfile=,mac=" + macOf(tap),
	}
}

// macOf is the MAC address of the guest on tap: 52:54:00:00:09:00 on tap0.
func macOf(tap string) string {
	return "52:54:00:00:09:0" + strings.TrimPrefix(tap, "tap")
}

// socketPair makes a connection and the descriptor of its other end.
func socketPair() (net.Conn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make the guest's control port: %w", err)
	}
	near, far := os.NewFile(uintptr(fds[0]), "control"), os.NewFile(uintptr(fds[1]), "control")
	defer near.Close()
	conn, err := net.FileConn(near)
	if err != nil {
		far.Close()
		return nil, nil, fmt.Errorf("make the guest's control port: %w", err)
	}
	return conn, far, nil
}

// listen handles what the guest says until it is gone.
func (g *guest) listen() {
	lines := bufio.NewReader(g.control)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		g.handle(strings.Fields(line))
	}
}

// handle takes one line of the guest's, in words.
func (g *guest) handle(words []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case len(words) >= 3 && words[0] == "exit":
		g.endJob(words[1], words[2], strings.Join(words[3:], ""))
		return
	case len(words) == 3 && words[0] == "uevent" && words[1] == "add":
		g.devices[words[2]] = true
	case len(words) == 3 && words[0] == "uevent" && words[1] == "remove":
		delete(g.devices, words[2])
	case len(words) == 2 && words[0] == "ready":
		g.ready = true
	}
	close(g.changed)
	g.changed = make(chan struct{})
}

// await waits until met, called with g.mu held, returns true; what names that
// event.
func (g *guest) await(what string, limit time.Duration, met func() bool) error {
	late := time.After(limit)
	for {
		g.mu.Lock()
		done, changed := met(), g.changed
		g.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-g.qemu.ended:
			return fmt.Errorf("the guest ended while it was to show %s", what)
		case <-late:
			return fmt.Errorf("the guest did not show %s within %v", what, limit)
		}
	}
}

// console returns the end of what the guest's kernel and qemu printed.
func (g *guest) console() string {
	return g.qemu.output()
}

// kill ends the guest.
func (g *guest) kill() {
	g.qemu.cmd.Process.Kill()
	<-g.qemu.ended
	g.control.Close()
}
