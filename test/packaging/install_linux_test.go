// SPDX-License-Identifier: GPL-2.0-only

package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"vblade/test/lab"
)

// Modes of files.
const (
	plain      = "-rw-r--r--"
	executable = "-rwxr-xr-x"
)

// installed is what make install installs, with the usual places.
var installed = map[string]string{
	"/etc/vblade.conf.d/skeleton.conf":                    plain,
	"/usr/lib/systemd/system-generators/vblade-generator": executable,
	"/usr/lib/systemd/system/vblade-exports.service":      plain,
	"/usr/lib/systemd/system/vblade.service":              plain,
	"/usr/lib/systemd/system/vblade@.service":             plain,
	"/usr/lib/ocf/resource.d/vblade/export":               executable,
	"/usr/lib/sysusers.d/vblade.conf":                     plain,
	"/usr/libexec/vblade/own-process.conf":                plain,
	"/usr/libexec/vblade/vblade-exports":                  executable,
	"/usr/sbin/vblade":                                    executable,
	"/usr/sbin/vbladed":                                   executable,
	"/usr/share/bash-completion/completions/vblade":       plain,
	"/usr/share/bash-completion/completions/vbladed":      plain,
	"/usr/share/vblade/monitoring/vblade.rules.yml":       plain,
	"/usr/share/vblade/monitoring/vblade-dashboard.json":  plain,
	"/usr/share/man/man5/vblade-persistence.5":            plain,
	"/usr/share/man/man8/vblade.8":                        plain,
	"/usr/share/man/man8/vbladed.8":                       plain,
}

// TestInstall installs for a packager, whose own conf file uninstall leaves
// alone. With that gone it leaves nothing, nor a directory of ours.
func TestInstall(t *testing.T) {
	dest := tree(t.TempDir())
	mk(t, "install", "DESTDIR="+string(dest))
	same(t, "installed", files(t, string(dest)), installed)

	dest.conf(t, "mine", "shelf=9\n")
	mk(t, "uninstall", "DESTDIR="+string(dest))
	same(t, "left", files(t, string(dest)), map[string]string{"/etc/vblade.conf.d/mine.conf": executable})

	os.Remove(dest.path("etc/vblade.conf.d/mine.conf"))
	mk(t, "uninstall", "DESTDIR="+string(dest))
	for _, dir := range []string{"etc/vblade.conf.d", "usr/libexec/vblade", "usr/lib/ocf/resource.d/vblade", "usr/share/vblade"} {
		if _, err := os.Stat(dest.path(dir)); err == nil {
			t.Errorf("uninstall leaves %s", dir)
		}
	}
}

// TestInstallFreeBSD installs what goes to a FreeBSD.
func TestInstallFreeBSD(t *testing.T) {
	dest := t.TempDir()
	mk(t, "install", "HOST=freebsd", "DESTDIR="+dest)
	same(t, "installed", files(t, dest), map[string]string{
		"/usr/local/etc/rc.d/vblade":                           executable,
		"/usr/local/sbin/vblade":                               executable,
		"/usr/local/sbin/vbladed":                              executable,
		"/usr/local/share/bash-completion/completions/vblade":  plain,
		"/usr/local/share/bash-completion/completions/vbladed": plain,
		"/usr/local/share/man/man8/vblade.8":                   plain,
		"/usr/local/share/man/man8/vbladed.8":                  plain,
	})
	mk(t, "uninstall", "HOST=freebsd", "DESTDIR="+dest)
	same(t, "left", files(t, dest), nil)
}

// TestInstallElsewhere installs to other places, by which the files then know
// each other.
func TestInstallElsewhere(t *testing.T) {
	root := install(t)
	want := map[string]string{}
	for name, mode := range installed {
		want[name] = mode
	}
	same(t, "installed", files(t, string(root)), want)
	for name := range installed {
		if name == "/usr/sbin/vblade" {
			continue
		}
		text, err := os.ReadFile(root.path(name))
		if err != nil {
			t.Fatal(err)
		}
		for _, place := range []string{"/usr/sbin/", "/usr/libexec/", "/usr/lib/systemd/system/", "/etc/vblade.conf.d"} {
			all, here := strings.Count(string(text), place), strings.Count(string(text), string(root)+place)
			if all != here {
				t.Errorf("%s names %s, where it is not", name, place)
			}
		}
	}
}

// TestScripts has shellcheck read every shell script that is installed or
// packaged.
func TestScripts(t *testing.T) {
	shellcheck := lab.Need(t, "shellcheck", "shellcheck")
	for _, pattern := range []string{
		"scripts/vbladed", "packaging/ocf/export", "packaging/vblade-exports", "packaging/systemd/vblade-generator", "packaging/completion.bash",
		"packaging/debian/init", "packaging/debian/post*", "packaging/debian/pre*", "packaging/rpm/*",
	} {
		scripts, err := filepath.Glob(filepath.Join(source, pattern))
		if err != nil || len(scripts) == 0 {
			t.Fatalf("%s: no scripts, %v", pattern, err)
		}
		shell := "--shell=sh"
		if strings.HasSuffix(pattern, ".bash") {
			shell = "--shell=bash"
		}
		if out, err := exec.Command(shellcheck, append([]string{shell}, scripts...)...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", pattern, err, out)
		}
	}
}
