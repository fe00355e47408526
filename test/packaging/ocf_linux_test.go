// SPDX-License-Identifier: GPL-2.0-only

package packaging

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vblade/internal/aoe"
	"vblade/internal/initiator"
	"vblade/test/lab"
	"vblade/test/slowdisk"
)

// newOurs makes a host for the agent of ours, ocf:vblade:export. It serves disk
// there by a process of its own, unless parameters say otherwise.
func newOurs(t *testing.T, disk string, parameters ...string) *cluster {
	t.Helper()
	c := newCluster(t, install(t).path("usr/lib/ocf/resource.d/vblade/export"), "netif=tgt0", "filename="+disk)
	c.sets(parameters...)
	dir := t.TempDir()
	c.env = append(c.env, "HA_RSCTMP="+dir)
	c.pid = filepath.Join(dir, "vblade-disk.pid")
	t.Cleanup(func() {
		if pid := c.number(); pid > 0 {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	return c
}

// answers tells whether a target answers now, where none should.
func (c *cluster) answers() bool {
	c.t.Helper()
	found, err := c.initiator(initiator.Options{}).Ask(aoe.Address{Shelf: 9}, 200*time.Millisecond, 1)
	if err != nil {
		c.t.Fatal(err)
	}
	return len(found) > 0
}

// TestOCF has our agent start, monitor and stop an export. Once it has started the
// export is served, with its options, and once it has stopped it is not.
func TestOCF(t *testing.T) {
	c := newOurs(t, newDisk(t), "options=-b 3 -s")
	c.does("validate-all", ocfSuccess)
	c.does("monitor", ocfNotRunning)
	c.does("stop", ocfSuccess)
	for range 2 {
		c.does("start", ocfSuccess)
		if found, err := c.initiator(initiator.Options{}).Find(9, 0); err != nil || found.Buffers != 3 {
			t.Fatalf("found %+v, %v; want 3 buffers", found, err)
		}
		c.does("monitor", ocfSuccess)
		first := c.number()
		c.does("start", ocfSuccess)
		if c.number() != first {
			t.Error("a second start started a second vblade")
		}
		c.does("stop", ocfSuccess)
		if c.answers() || lives(first) {
			t.Errorf("pid %d is left after the stop", first)
		}
		c.does("monitor", ocfNotRunning)
	}
}

// TestOCFTester has resource-agents' own test find nothing wrong with our agent, in
// both ways of serving.
func TestOCFTester(t *testing.T) {
	tester := lab.Need(t, "ocf-tester", "resource-agents")
	lab.Need(t, "xmllint", "libxml2-utils")
	for _, server := range []bool{false, true} {
		c := newOurs(t, newDisk(t))
		c.agent = public(t, c.agent)
		args := []string{"-n", "disk", "-o", "shelf=9", "-o", "slot=0", "-o", "netif=tgt0", "-o", "binary=" + program, "-o", "filename=" + newDisk(t)}
		if server {
			args = append(args, "-o", "control="+c.host.StartServer(t, program).Control)
		}
		cmd := exec.Command(tester, append(args, c.agent)...)
		cmd.Env = c.env
		var out []byte
		err := c.host.Do(func() (err error) {
			out, err = cmd.CombinedOutput()
			return err
		})
		if err != nil || !strings.Contains(string(out), "passed all tests") {
			t.Errorf("%v: %v\n%s", cmd.Args, err, out)
		}
	}
}

// public copies an agent to where everybody may execute it.
func public(t *testing.T, agent string) string {
	t.Helper()
	text, err := os.ReadFile(agent)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "vblade-agent-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	copied := filepath.Join(dir, "export")
	if err := errors.Join(os.Chmod(dir, 0o755), os.WriteFile(copied, text, 0o755)); err != nil {
		t.Fatal(err)
	}
	return copied
}

// TestOCFRefusals has our agent refuse: what is wrong on every host, and what may
// be right on another one. A disk that is not there does not trouble a probe.
func TestOCFRefusals(t *testing.T) {
	for _, wrong := range []string{"shelf=65535", "options=--no-such", "options=-b 0", "shelf=", "slot=a", "slot=07", "filename="} {
		c := newOurs(t, newDisk(t), wrong)
		c.does("monitor", ocfNotRunning)
		c.does("start", ocfConfigured)
		c.does("stop", ocfSuccess)
	}
	c := newOurs(t, "/dev/no-such-disk")
	for range 2 {
		c.does("monitor", ocfNotRunning)
		c.does("start", ocfGeneric)
		c.does("monitor", ocfNotRunning)
		c.does("stop", ocfSuccess)
	}
	c.sets("control=" + filepath.Join(t.TempDir(), "none"))
	c.does("monitor", ocfNotRunning)
	c.does("start", ocfGeneric)
	c.does("stop", ocfSuccess)
}

// TestOCFLink has our agent find that no interface of an export has a link: the export
// has failed, and starts nowhere without one, unless that is to be left to others. The
// start that follows does not wait for one.
func TestOCFLink(t *testing.T) {
	c := newOurs(t, newDisk(t), "netif=tgt0,tgt1", "options=--hwaddr auto")
	if err := c.host.Wire("tgt1", "ini1", 1500); err != nil {
		t.Fatal(err)
	}
	link := func(end, state string) {
		t.Helper()
		if err := c.host.Run("ip", "link", "set", end, state); err != nil {
			t.Fatal(err)
		}
	}
	c.does("start", ocfSuccess)
	link("ini0", "down")
	c.does("monitor", ocfSuccess) // by the other one
	link("ini1", "down")
	c.becomes("monitor", ocfGeneric)
	c.sets("check_link=false")
	c.does("monitor", ocfSuccess)
	c.does("start", ocfSuccess)
	c.sets("check_link=true")
	c.does("stop", ocfSuccess)
	c.does("start", ocfGeneric)
	c.does("stop", ocfSuccess)
	link("ini1", "up")
	c.does("start", ocfSuccess)
	c.does("monitor", ocfSuccess)

	link("ini1", "down")
	c.becomes("monitor", ocfGeneric)
	c.does("stop", ocfSuccess)
	if status, text := c.do("start"); status != ocfGeneric || strings.Contains(text, "is served") {
		t.Errorf("it is started where monitor has found no link: exit status %d\n%s", status, text)
	}
	c.does("stop", ocfSuccess)
	c.does("monitor", ocfNotRunning)
	link("ini1", "up")
	c.does("start", ocfSuccess)

	link("ini1", "down")
	c.becomes("monitor", ocfGeneric)
	c.does("stop", ocfSuccess)
	link("ini1", "up") // before the next start
	c.does("start", ocfSuccess)
	c.does("stop", ocfSuccess)
}

// TestOCFLinkFlush has our agent find that an export has no link, of whose state there
// is worse to say: that a flush has failed.
func TestOCFLinkFlush(t *testing.T) {
	disk, err := slowdisk.Mount(slowdisk.Options{Size: 1 << 20})
	if err != nil {
		lab.Skip(t, "a FUSE file: "+err.Error(), "run as root, with /dev/fuse")
	}
	t.Cleanup(func() { disk.Close() })
	c := newOurs(t, disk.Path())
	c.does("start", ocfSuccess)
	target, err := c.initiator(initiator.Options{}).Find(9, 0)
	if err != nil {
		t.Fatal(err)
	}
	disk.SetError(slowdisk.Sync, unix.EIO)
	if err := target.Flush(); err == nil {
		t.Fatal("a flush that fails has no error")
	}
	c.does("monitor", ocfSuccess)
	if err := c.host.Run("ip", "link", "set", "ini0", "down"); err != nil {
		t.Fatal(err)
	}
	c.becomes("monitor", ocfGeneric)
	disk.SetError(slowdisk.Sync, 0)
	c.does("stop", ocfSuccess)
}

// TestOCFServer has our agent serve by a server that runs anyway, and by that one
// only for as long as it answers: one that is gone may come back with the export.
func TestOCFServer(t *testing.T) {
	c := newOurs(t, newDisk(t))
	s := c.host.StartServer(t, program)
	c.sets("control=" + s.Control)
	other := newDisk(t)
	if _, err := s.Add("9", "0", "tgt0", other); err != nil {
		t.Fatal(err)
	}
	c.does("start", ocfGeneric) // that is another disk, and none of the agent's business
	c.does("stop", ocfSuccess)
	if err := s.Remove("e9.0"); err != nil {
		t.Fatal(err)
	}
	c.does("start", ocfSuccess)
	c.does("start", ocfSuccess)
	c.does("monitor", ocfSuccess)
	s.Crash(t) // and back, with the export
	c.does("monitor", ocfSuccess)
	c.does("stop", ocfSuccess)
	if c.answers() {
		t.Error("it is served after the stop")
	}
	c.does("monitor", ocfNotRunning)

	c.does("start", ocfSuccess)
	s.Kill()
	c.does("monitor", ocfGeneric)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		c.does("stop", ocfSuccess)
	}()
	select {
	case <-stopped:
		t.Error("it stopped an export that the server's next process may serve")
	case <-time.After(time.Second):
	}
	s.Crash(t)
	<-stopped
	if c.answers() {
		t.Error("the server has come back, and serves what was stopped")
	}
}

// written is what a test writes to a disk by an initiator.
var written = bytes.Repeat([]byte("written "), 1<<14)

// writes writes to the start of the disk by an initiator.
func (c *cluster) writes() {
	c.t.Helper()
	target, err := c.initiator(initiator.Options{}).Find(9, 0)
	if err == nil {
		_, err = target.WriteAt(written, 0)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// interfaces is how many interfaces of --hwaddr there are.
func (c *cluster) interfaces() int {
	c.t.Helper()
	out, err := c.host.Output("ip", "-oneline", "link", "show", "group", "34978")
	if err != nil {
		c.t.Fatalf("%v: %s", err, out)
	}
	return strings.Count(string(out), "vb9.0-")
}

// isWritten checks that the file behind a disk holds what was written.
func isWritten(t *testing.T, file string) {
	t.Helper()
	got, err := os.ReadFile(file)
	if err != nil || !bytes.HasPrefix(got, written) {
		t.Errorf("after the stop the page cache holds what the disk does not, %v", err)
	}
}

// TestOCFKilled has our agent stop an export whose process was killed: what that has
// left in the page cache is on the disk, and cannot be written later; its interface is
// gone.
func TestOCFKilled(t *testing.T) {
	adopt(t)
	file := newDisk(t)
	c := newOurs(t, loopDevice(t, file), "options=--hwaddr auto")
	c.does("start", ocfSuccess)
	c.writes()
	c.kill()
	c.does("monitor", ocfGeneric)
	if c.interfaces() == 0 {
		t.Error("the killed process has left no interface; this tests nothing")
	}
	c.does("stop", ocfSuccess)
	isWritten(t, file)
	if c.interfaces() > 0 {
		t.Error("the stop leaves an interface with the address that moves")
	}
	c.does("monitor", ocfNotRunning)
}

// TestOCFFailStop has the disk of an export with --fail-stop fail, for good: the agent
// tells, and stops the export all the same.
func TestOCFFailStop(t *testing.T) {
	disk, err := slowdisk.Mount(slowdisk.Options{Size: 1 << 20})
	if err != nil {
		lab.Skip(t, "a FUSE file: "+err.Error(), "run as root, with /dev/fuse")
	}
	t.Cleanup(func() { disk.Close() })
	c := newOurs(t, disk.Path(), "options=--fail-stop")
	c.does("start", ocfSuccess)
	c.does("monitor", ocfSuccess)
	target, err := c.initiator(initiator.Options{Patience: 3 * time.Second}).Find(9, 0)
	if err != nil {
		t.Fatal(err)
	}
	disk.SetError(slowdisk.Write, unix.EIO)
	disk.SetError(slowdisk.Sync, unix.EIO)
	if _, err := target.WriteAt(make([]byte, 1024), 0); err == nil {
		t.Fatal("a disk that is broken takes a write")
	}
	c.does("monitor", ocfGeneric)
	c.does("stop", ocfSuccess)
	c.does("monitor", ocfNotRunning)
}

// TestOCFFrozen is TestOCFKilled for a process that does not run on: the agent kills
// it.
func TestOCFFrozen(t *testing.T) {
	file := newDisk(t)
	c := newOurs(t, loopDevice(t, file))
	c.does("start", ocfSuccess)
	c.writes()
	pid := c.number()
	syscall.Kill(pid, syscall.SIGSTOP)
	c.does("stop", ocfSuccess)
	isWritten(t, file)
	c.does("monitor", ocfNotRunning)
	if lives(pid) {
		t.Errorf("pid %d is left after the stop", pid)
	}
}

// lives tells whether a process has not ended, reaped or not.
func lives(pid int) bool {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return len(text) > 0
}

// loopDevice makes a file a block device for the length of a test, and holds it open:
// the last to close a device has the kernel write back its page cache.
func loopDevice(t *testing.T, file string) string {
	t.Helper()
	losetup := lab.Need(t, "losetup", "mount")
	out, err := exec.Command(losetup, "--find", "--show", file).CombinedOutput()
	if err != nil {
		lab.Skip(t, "a loop device: "+string(out), "modprobe loop, and run as root")
	}
	device := strings.TrimSpace(string(out))
	t.Cleanup(func() { run(t, losetup, "--detach", device) })
	held, err := os.Open(device)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { held.Close() })
	return device
}
