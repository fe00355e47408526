// SPDX-License-Identifier: GPL-2.0-only

package packaging

import (
	"debug/elf"
	"maps"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"vblade/test/lab"
)

// archs are the architectures that packages are made for, by the names that Go,
// Debian and RPM have for them.
var archs = []struct{ deb, rpm string }{{"amd64", "x86_64"}, {"arm64", "aarch64"}}

// pkg finds the package in build whose name ends so.
func pkg(t *testing.T, suffix string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(source, "build", "vblade*"+suffix))
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 {
		lab.Skip(t, "one build/vblade*"+suffix, "make clean packages")
	}
	return found[0]
}

// packaged is what a package holds: what is installed, and what more. Man pages
// are compressed.
func packaged(more map[string]string) map[string]string {
	all := maps.Clone(more)
	for name, mode := range installed {
		if strings.Contains(name, "/man/") {
			name += ".gz"
		}
		all[name] = mode
	}
	for _, pattern := range []string{"*.md", "docs/*"} {
		docs, _ := filepath.Glob(filepath.Join(source, pattern))
		for _, doc := range docs {
			all["/usr/share/doc/vblade/"+strings.TrimPrefix(doc, source+"/")] = plain
		}
	}
	return all
}

// line finds mode, owner and name in a line of dpkg-deb -c and rpm -qlv.
var line = regexp.MustCompile(`(?m)^([-dl]\S+) +(?:\d+ +)?(\w+)[/ ]+(\w+) .* \.?(/\S+)$`)

// listed reads a listing of files; those of others than root have no mode.
func listed(listing string) map[string]string {
	all := map[string]string{}
	for _, l := range line.FindAllStringSubmatch(listing, -1) {
		switch {
		case strings.HasPrefix(l[1], "d"):
		case l[2] != "root" || l[3] != "root":
			all[l[4]] = "of " + l[2] + "/" + l[3]
		default:
			all[l[4]] = l[1]
		}
	}
	return all
}

// TestDeb checks what the Debian packages hold, which of it is configuration,
// that they are upgrades of the C program's, and that lintian finds no error.
func TestDeb(t *testing.T) {
	dpkgDeb, dpkg := lab.Need(t, "dpkg-deb", "dpkg"), lab.Need(t, "dpkg", "dpkg")
	for _, arch := range archs {
		deb := pkg(t, "_"+arch.deb+".deb")
		same(t, deb, listed(run(t, dpkgDeb, "-c", deb)), packaged(map[string]string{
			"/etc/init.d/vblade":                        executable,
			"/usr/share/doc/vblade/changelog.Debian.gz": plain,
			"/usr/share/doc/vblade/copyright":           plain,
			"/usr/share/lintian/overrides/vblade":       plain,
		}))
		if got, want := run(t, dpkgDeb, "-I", deb, "conffiles"), "/etc/init.d/vblade\n/etc/vblade.conf.d/skeleton.conf\n"; got != want {
			t.Errorf("%s: conffiles %s, want %s", deb, got, want)
		}
		fields := run(t, dpkgDeb, "-f", deb, "Package", "Architecture")
		if want := "Package: vblade\nArchitecture: " + arch.deb + "\n"; fields != want {
			t.Errorf("%s: %s, want %s", deb, fields, want)
		}
		version := strings.TrimSpace(run(t, dpkgDeb, "-f", deb, "Version"))
		for _, theirs := range []string{"25-1+b1", "25-99"} {
			run(t, dpkg, "--compare-versions", version, "gt", theirs)
		}
		out, err := exec.Command(lab.Need(t, "lintian", "lintian"), "--fail-on", "error", deb).Output()
		if err != nil {
			t.Errorf("lintian: %v\n%s", err, out)
		}
	}
}

// TestRPM checks the same of the RPM packages.
func TestRPM(t *testing.T) {
	rpm := lab.Need(t, "rpm", "rpm")
	for _, arch := range archs {
		file := pkg(t, "."+arch.rpm+".rpm")
		same(t, file, listed(run(t, rpm, "-qlvp", file)), packaged(map[string]string{
			"/usr/share/licenses/vblade/LICENSE":   plain,
			"/usr/share/licenses/vblade/copyright": plain,
		}))
		if got, want := run(t, rpm, "-qcp", file), "/etc/vblade.conf.d/skeleton.conf\n"; got != want {
			t.Errorf("%s: conffiles %s, want %s", file, got, want)
		}
		fields := strings.Fields(run(t, rpm, "-qp", "--queryformat", "%{NAME} %{ARCH} %{VERSION}", file))
		if len(fields) != 3 || fields[0] != "vblade" || fields[1] != arch.rpm {
			t.Errorf("%s: name, architecture and version are %v", file, fields)
		}
		compare := `%{lua:print(rpm.vercmp("` + fields[2] + `", "25"))}`
		if got := strings.TrimSpace(run(t, rpm, "--eval", compare)); got != "1" {
			t.Errorf("%s: its version does not come after 25", file)
		}
	}
}

// TestPackagedProgram checks that a package's program is static and of its
// architecture.
func TestPackagedProgram(t *testing.T) {
	dpkgDeb := lab.Need(t, "dpkg-deb", "dpkg")
	for arch, machine := range map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64} {
		deb := pkg(t, "_"+arch+".deb")
		dir := t.TempDir()
		run(t, dpkgDeb, "-x", deb, dir)
		f, err := elf.Open(filepath.Join(dir, "usr/sbin/vblade"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if f.Machine != machine || f.Section(".interp") != nil {
			t.Errorf("%s: a program for %v, interpreter %v", deb, f.Machine, f.Section(".interp"))
		}
	}
}
