// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vblade/test/lab"
)

// debianLimit bounds the making of a Debian system, which takes a minute.
const debianLimit = 6 * time.Minute

// debianPackages are what the system has beyond the least.
const debianPackages = "systemd-sysv,udev,iproute2,procps"

// debian is a Debian system: first a directory to work in by chroot, then the
// disk of a guest.
type debian struct {
	t    *testing.T
	site *site
	root string
}

// newDebian makes a Debian system of this machine's release.
func (s *site) newDebian(t *testing.T) *debian {
	t.Helper()
	d := &debian{t: t, site: s, root: filepath.Join(t.TempDir(), "root")}
	uri, suite := mirror(t)
	d.command(lab.Need(t, "debootstrap", "debootstrap"), "--variant=minbase", "--include="+debianPackages, suite, d.root, uri)
	return d
}

// mirror finds where this machine gets Debian from, and which release.
func mirror(t *testing.T) (uri, suite string) {
	t.Helper()
	out, err := exec.Command("apt-get", "indextargets", "--format", "$(ORIGIN) $(CODENAME) $(COMPONENT) $(REPO_URI)", "Created-By: Packages").Output()
	if err != nil {
		t.Fatalf("apt-get indextargets: %v", err)
	}
	for _, l := range strings.Split(string(out), "\n") {
		f := strings.Fields(l)
		if len(f) == 4 && f[0] == "Debian" && f[2] == "main" && !strings.Contains(f[1], "-") {
			return f[3], f[1]
		}
	}
	lab.Skip(t, "a source of Debian's packages", "name one in /etc/apt, and run apt-get update")
	return "", ""
}

// command runs a program of this machine.
func (d *debian) command(name string, args ...string) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), debianLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		d.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, end(string(out)))
	}
}

// run runs a shell script in the system, on the site's host and with processes
// of its own, which end with it, and returns what it printed.
func (d *debian) run(script string) string {
	d.t.Helper()
	out, err := d.site.host.Output("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc="+d.root+"/proc",
		"chroot", d.root, "sh", "-ec", script)
	if err != nil {
		d.t.Fatalf("in the Debian system: %s\n%v, printed:\n%s", script, err, end(string(out)))
	}
	return string(out)
}

// add copies a file of this machine to the system.
func (d *debian) add(file, name string, mode os.FileMode) {
	d.t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		d.t.Fatal(err)
	}
	d.write(name, string(content), mode)
}

// write writes a file of the system.
func (d *debian) write(name, content string, mode os.FileMode) {
	d.t.Helper()
	path := filepath.Join(d.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		d.t.Fatal(err)
	}
}

// addPackages gives the system our package, /ours.deb, and Debian's, /theirs.deb.
func (d *debian) addPackages() {
	d.t.Helper()
	ours, err := filepath.Glob("../../build/vblade_*_amd64.deb")
	if err != nil || len(ours) != 1 {
		lab.Skip(d.t, "one build/vblade_*_amd64.deb", "make clean packages")
	}
	d.add(ours[0], "ours.deb", 0o644)
	dir := d.t.TempDir()
	d.command("sh", "-c", `cd "$0" && apt-get -q -o APT::Sandbox::User=root download vblade`, dir)
	theirs, err := filepath.Glob(filepath.Join(dir, "vblade_*.deb"))
	if err != nil || len(theirs) != 1 {
		d.t.Fatalf("Debian's package: %v, %v", theirs, err)
	}
	d.add(theirs[0], "theirs.deb", 0o644)
}

// agentUnit runs the agent, once the network is set up.
const agentUnit = `[Unit]
Description=Runs what the test sends
After=systemd-networkd.service

[Service]
ExecStart=/agent
TimeoutStopSec=1

[Install]
WantedBy=multi-user.target
`

// image makes the system a disk that a guest can boot.
func (d *debian) image() string {
	d.t.Helper()
	busybox, err := lab.Find("busybox")
	if err != nil {
		d.t.Fatal(err)
	}
	d.add(busybox, "usr/local/bin/uevent", 0o755)
	d.add("guest/agent", "agent", 0o755)
	d.write("etc/systemd/system/agent.service", agentUnit, 0o644)
	d.write("etc/systemd/network/eth0.network", "[Match]\nName=eth0\n\n[Network]\nLinkLocalAddressing=no\n", 0o644)
	d.run("systemctl enable agent systemd-networkd; systemctl mask apt-daily.timer apt-daily-upgrade.timer serial-getty@ttyS0; echo target >/etc/hostname")
	disk := emptyDisk(d.t, 1<<30)
	d.command(lab.Need(d.t, "mke2fs", "e2fsprogs"), "-q", "-t", "ext4", "-d", d.root, disk)
	if err := os.RemoveAll(d.root); err != nil {
		d.t.Fatal(err)
	}
	return disk
}

// target is a guest with a Debian system, and a tap device of its own.
type target struct {
	*shell
	site *site
	disk string
	tap  string
}

// newTarget lays a wire and boots a Debian system's disk on it.
func (s *site) newTarget(t *testing.T, disk, tap string) *target {
	t.Helper()
	s.run(t, "ip", "tuntap", "add", tap, "mode", "tap")
	t.Cleanup(func() { s.run(t, "ip", "link", "del", tap) })
	s.run(t, "ip", "link", "set", tap, "addrgenmode", "none", "up")
	target := &target{shell: &shell{t: t}, site: s, disk: disk, tap: tap}
	target.boots()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the console of the Debian system ends:\n%s", target.console())
		}
		target.kill()
	})
	return target
}

// boots boots the target.
func (tg *target) boots() {
	tg.t.Helper()
	drive := "file=" + strings.ReplaceAll(tg.disk, ",", ",,") + ",if=virtio,format=raw,cache=unsafe"
	options := kernelOptions + " net.ifnames=0 disk=/dev/vda"
	g, err := bootGuest(tg.site.host, tg.site.boot, tg.tap, "-drive", drive, "-append", options)
	if err != nil {
		tg.t.Fatalf("boot the Debian system: %v", err)
	}
	tg.guest = g
}

// reboots has the target end, and boots it again.
func (tg *target) reboots() {
	tg.t.Helper()
	if _, err := tg.start("systemctl reboot"); err != nil {
		tg.t.Fatal(err)
	}
	select {
	case <-tg.qemu.ended:
	case <-time.After(commandLimit):
		tg.t.Fatalf("the Debian system did not end within %v", commandLimit)
	}
	tg.control.Close()
	tg.boots()
}
