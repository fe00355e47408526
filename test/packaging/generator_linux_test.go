// SPDX-License-Identifier: GPL-2.0-only

package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"vblade/test/conffile"
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
	afterLo   = "[Unit]\n"
	inDev     = "[Service]\n"
	inSrv     = "[Service]\nReadWritePaths=\"-/srv\"\n"
)

// TestGenerator checks what is made for each kind of conf file: the unit's name, what
// it needs, and whether it has a process of its own. A file that is wrong has a unit
// that needs nothing.
func TestGenerator(t *testing.T) {
	for _, c := range []struct {
		name, conf, unit, needs string
		own                     bool
	}{
		{name: "disk0", conf: conffile.Complete, unit: "disk0", needs: afterEth0 + inSrv},
		{name: "disk-1", conf: conffile.Complete, unit: `disk\x2d1`, needs: afterEth0 + inSrv},
		{name: "a disk", conf: conffile.Complete, unit: `a\x20disk`, needs: afterEth0 + inSrv},
		{name: "bridge", conf: conffile.With("netif=br-lan.7,eth0"), unit: "bridge",
			needs: "[Unit]\nWants=sys-subsystem-net-devices-br\\x2dlan.7.device\nAfter=sys-subsystem-net-devices-br\\x2dlan.7.device\n" +
				strings.TrimPrefix(afterEth0, afterLo) + inSrv},
		{name: "lo", conf: conffile.With("netif=lo"), unit: "lo", needs: afterLo + inSrv},
		{name: "device", conf: conffile.With("netif=lo filename=/dev/vg0/disk"), unit: "device", needs: afterLo + inDev},
		{name: "elsewhere", conf: conffile.With("netif=lo filename=/srv/../place/x"), unit: "elsewhere", needs: afterLo + "[Service]\nReadWritePaths=\"-/place\"\n"},
		{name: "tmp", conf: conffile.With("netif=lo filename=/tmp/../var/tmp/x"), unit: "tmp", needs: afterLo + "[Service]\nPrivateTmp=no\n"},
		{name: "spaces", conf: conffile.With("netif=lo filename='/a \"100%\" \\place/x'"), unit: "spaces",
			needs: afterLo + "[Service]\nReadWritePaths=\"-/a \\\"100%%\\\" \\\\place\"\n"},
		{name: "own", conf: conffile.With("netif=lo filename=/dev/x own_process=yes"), unit: "own", needs: afterLo + inDev, own: true},
		{name: "shared", conf: conffile.With("netif=lo filename=/dev/x own_process=no"), unit: "shared", needs: afterLo + inDev},
		{name: "ionice", conf: conffile.With("netif=lo filename=/dev/x ionice='-c1'"), unit: "ionice",
			needs: afterLo + "[Service]\nSystemCallFilter=ioprio_set\nCapabilityBoundingSet=CAP_SYS_NICE\n", own: true},
		{name: "metrics", conf: conffile.With("netif=lo filename=/dev/x options='-r --metrics localhost:9100'"), unit: "metrics",
			needs: afterLo + "[Service]\nRestrictAddressFamilies=AF_INET AF_INET6\nIPAddressAllow=any\n", own: true},
		{name: "socket", conf: conffile.With("netif=lo filename=/dev/x options='--metrics=unix:/run/vblade/x'"), unit: "socket", needs: afterLo + inDev, own: true},
		{name: "incomplete", conf: "shelf=9\n", unit: "incomplete"},
		{name: "broken", conf: conffile.Complete + "options='-r", unit: "broken"},
		{name: "command", conf: conffile.Complete + "echo hello", unit: "command"},
		{name: "torn", conf: conffile.Complete + "ionice=-c1\nown_process=no", unit: "torn"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := install(t)
			root.conf(t, c.name, c.conf)
			root.conf(t, "comments", "# nothing\n\n  # but comments\n")
			units := root.generate(t, false)
			unit := "vblade@" + c.unit + ".service"
			want := map[string]string{"/vblade-exports.service.d/exports.conf": plain}
			if c.needs != "" {
				want["/"+unit+".d/needs.conf"] = plain
			}
			if c.own {
				want["/"+unit+".d/own-process.conf"] = "-> " + root.path("usr/libexec/vblade/own-process.conf")
			}
			same(t, "units", files(t, units), want)
			needs, _ := os.ReadFile(filepath.Join(units, unit+".d/needs.conf"))
			if string(needs) != c.needs {
				t.Errorf("needs %s, want %s", needs, c.needs)
			}
			list, err := os.ReadFile(filepath.Join(units, "vblade-exports.service.d/exports.conf"))
			if want := "[Unit]\nBefore=" + unit + "\n"; err != nil || string(list) != want {
				t.Errorf("the list is %s, %v, want %s", list, err, want)
			}
		})
	}
}

// TestGeneratorContainer checks that no unit waits for a device where there is
// no udev.
func TestGeneratorContainer(t *testing.T) {
	root := install(t)
	root.conf(t, "disk", conffile.Complete)
	needs, err := os.ReadFile(filepath.Join(root.generate(t, true), "vblade@disk.service.d/needs.conf"))
	if err != nil || string(needs) != afterLo+inSrv {
		t.Errorf("needs %s, %v, want %s", needs, err, afterLo+inSrv)
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
// their sandbox: 15 tenths at most where a process serves others and opens no file.
func TestUnits(t *testing.T) {
	analyze := lab.Need(t, "systemd-analyze", "systemd")
	root := install(t)
	root.conf(t, "a disk", conffile.With("ionice=-c1\nfilename='/a place/x'\noptions='--metrics :9100'\n"))
	root.conf(t, "disk", conffile.Complete)
	units := root.generate(t, false)
	path := units + ":" + root.path("usr/lib/systemd/system") + ":"
	verify := exec.Command(analyze, "verify", "--man=no", "vblade.service", "vblade-exports.service", "vblade@disk.service", `vblade@a\x20disk.service`)
	verify.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+path)
	if out, err := verify.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
	for unit, threshold := range map[string]string{"vblade@.service": "20", "vblade.service": "15"} {
		path := root.path("usr/lib/systemd/system/" + unit)
		security := exec.Command(analyze, "security", "--offline=yes", "--no-pager", "--threshold="+threshold, path)
		if out, err := security.CombinedOutput(); err != nil {
			t.Errorf("systemd-analyze security %s: %v\n%s", unit, err, out)
		}
	}
}
