// SPDX-License-Identifier: GPL-2.0-only

package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"vblade/test/lab"
)

// generate runs the generator of a tree, in a container or not, and returns the
// directory of the units it made.
func (r tree) generate(t *testing.T, container bool) string {
	t.Helper()
	lab.Need(t, "systemd-escape", "systemd")
	virt := "#!/bin/sh\nexit 1\n"
	if container {
		virt = "#!/bin/sh\nexit 0\n"
	}
	r.write(t, "bin/systemd-detect-virt", virt)
	units := t.TempDir()
	cmd := exec.Command(r.path("usr/lib/systemd/system-generators/vblade-generator"), units, units, units)
	cmd.Env = append(os.Environ(), "PATH="+r.path("bin")+":"+os.Getenv("PATH"))
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("vblade-generator: %v\n%s", err, out)
	}
	return units
}

// Parts of what the generator grants.
const (
	afterEth0 = "[Unit]\nWants=sys-subsystem-net-devices-eth0.device\nAfter=sys-subsystem-net-devices-eth0.device\n"
	inSrv     = "[Service]\nReadWritePaths=\"-/srv\"\n"
)

// TestGenerator checks the unit made for each kind of conf file: its name, and
// what it needs. A file that is wrong has a unit that needs nothing.
func TestGenerator(t *testing.T) {
	for _, c := range []struct{ name, conf, unit, needs string }{
		{"disk0", complete, "disk0", afterEth0 + inSrv},
		{"disk-1", complete, `disk\x2d1`, afterEth0 + inSrv},
		{"a disk", complete, `a\x20disk`, afterEth0 + inSrv},
		{"bridge", with("netif=br-lan.7"), "bridge",
			"[Unit]\nWants=sys-subsystem-net-devices-br\\x2dlan.7.device\nAfter=sys-subsystem-net-devices-br\\x2dlan.7.device\n" + inSrv},
		{"lo", with("netif=lo"), "lo", inSrv},
		{"device", with("netif=lo filename=/dev/vg0/disk"), "device", "[Service]\n"},
		{"elsewhere", with("netif=lo filename=/srv/../place/x"), "elsewhere", "[Service]\nReadWritePaths=\"-/place\"\n"},
		{"tmp", with("netif=lo filename=/tmp/../var/tmp/x"), "tmp", "[Service]\nPrivateTmp=no\n"},
		{"spaces", with("netif=lo filename='/a \"100%\" \\place/x'"), "spaces", "[Service]\nReadWritePaths=\"-/a \\\"100%%\\\" \\\\place\"\n"},
		{"ionice", with("netif=lo filename=/dev/x ionice='-c1'"), "ionice",
			"[Service]\nSystemCallFilter=ioprio_set\nCapabilityBoundingSet=CAP_SYS_NICE\n"},
		{"metrics", with("netif=lo filename=/dev/x options='-r --metrics localhost:9100'"), "metrics",
			"[Service]\nRestrictAddressFamilies=AF_INET AF_INET6\nIPAddressAllow=any\n"},
		{"socket", with("netif=lo filename=/dev/x options='-r --metrics unix:/run/vblade/x'"), "socket", "[Service]\n"},
		{"socket", with("netif=lo filename=/dev/x options='--metrics=unix:/run/vblade/x'"), "socket", "[Service]\n"},
		{"incomplete", "shelf=9\n", "incomplete", ""},
		{"broken", complete + "options='-r", "broken", ""},
		{"command", complete + "echo hello", "command", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := install(t)
			root.conf(t, c.name, c.conf)
			root.conf(t, "comments", "# nothing\n\n  # but comments\n")
			units := root.generate(t, false)
			unit := "/vblade@" + c.unit + ".service"
			same(t, "units", files(t, units), map[string]string{
				"/vblade.service.wants" + unit: "-> " + root.path("usr/lib/systemd/system/vblade@.service"),
				unit + ".d/needs.conf":         plain,
			})
			needs, err := os.ReadFile(filepath.Join(units, unit+".d/needs.conf"))
			if err != nil || string(needs) != c.needs {
				t.Errorf("needs %s, %v, want %s", needs, err, c.needs)
			}
		})
	}
}

// TestGeneratorContainer checks that no unit waits for a device where there is
// no udev.
func TestGeneratorContainer(t *testing.T) {
	root := install(t)
	root.conf(t, "disk", complete)
	needs, err := os.ReadFile(filepath.Join(root.generate(t, true), "vblade@disk.service.d/needs.conf"))
	if err != nil || string(needs) != inSrv {
		t.Errorf("needs %s, %v, want %s", needs, err, inSrv)
	}
}

// TestGeneratorNothing checks that without conf files nothing is made.
func TestGeneratorNothing(t *testing.T) {
	root := install(t)
	same(t, "units", files(t, root.generate(t, false)), nil)
	if err := os.RemoveAll(root.path("etc/vblade.conf.d")); err != nil {
		t.Fatal(err)
	}
	same(t, "units", files(t, root.generate(t, false)), nil)
}

// TestUnits has systemd read the units, with what the generator adds, and rate
// their sandbox: 25 tenths at most, 18 where no file is opened.
func TestUnits(t *testing.T) {
	analyze := lab.Need(t, "systemd-analyze", "systemd")
	root := install(t)
	root.conf(t, "a disk", with("ionice=-c1\nfilename='/a place/x'\noptions='--metrics :9100'\n"))
	path := root.generate(t, false) + ":" + root.path("usr/lib/systemd/system") + ":"
	verify := exec.Command(analyze, "verify", "--man=no", "vblade.service", "vblade-server.service", `vblade@a\x20disk.service`)
	verify.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+path)
	if out, err := verify.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
	for unit, threshold := range map[string]string{"vblade@.service": "25", "vblade-server.service": "18"} {
		path := root.path("usr/lib/systemd/system/" + unit)
		security := exec.Command(analyze, "security", "--offline=yes", "--no-pager", "--threshold="+threshold, path)
		if out, err := security.CombinedOutput(); err != nil {
			t.Errorf("systemd-analyze security %s: %v\n%s", unit, err, out)
		}
	}
}
