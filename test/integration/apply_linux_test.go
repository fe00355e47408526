// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vblade/test/lab"
)

// applying is a server and a directory of conf files.
type applying struct {
	*serving
	dir   string
	disks string // the directory of the disks
}

// newApplying starts a server, and makes conf files of disks a, b and c at e9.0,
// e9.1 and e9.2.
func newApplying(t *testing.T) *applying {
	a := &applying{serving: newServing(t), dir: t.TempDir(), disks: t.TempDir()}
	for slot, name := range []string{"a", "b", "c"} {
		if err := os.Rename(a.disk(name), a.path(name)); err != nil {
			t.Fatal(err)
		}
		a.conf(name, slot)
	}
	return a
}

// conf writes the conf file of a disk. The lines may set netif and filename, too.
func (a *applying) conf(name string, slot int, lines ...string) {
	a.t.Helper()
	text := fmt.Sprintf("shelf=9\nslot=%d\n", slot)
	for _, setting := range []string{"netif=tgt0", "filename=" + a.path(name)} {
		key, _, _ := strings.Cut(setting, "=")
		if !slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, key+"=") }) {
			text += setting + "\n"
		}
	}
	text += strings.Join(lines, "\n") + "\n"
	if err := os.WriteFile(a.file(name), []byte(text), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// path is the path of a disk.
func (a *applying) path(name string) string { return filepath.Join(a.disks, name) }

// file is the path of a conf file.
func (a *applying) file(name string) string { return filepath.Join(a.dir, name+".conf") }

// applies applies the directory, or files, and checks what that prints, in any order,
// and whether it succeeds. NAME.conf in want is a conf file's path, NAME a disk's.
func (a *applying) applies(succeeds bool, want string, args ...string) {
	a.t.Helper()
	if len(args) == 0 {
		args = []string{a.dir}
	}
	out, err := a.ask("apply", args...)
	out = strings.NewReplacer(a.dir+"/", "", a.disks+"/", "").Replace(out)
	if (err == nil) != succeeds || out != want {
		a.t.Errorf("apply %q: %v, prints\n%s, want\n%s", args, err, out, want)
	}
}

// TestApply brings a server into line with conf files: what is missing is added, what
// differs changed, what is not described removed, and what is wrong said and left as
// it is.
func TestApply(t *testing.T) {
	a := newApplying(t)
	a.must("add", "9", "7", "tgt0", a.disk("by-hand"))
	a.applies(true, "e9.7: would be removed, no conf file describes it\n"+
		"e9.0: would be added, a on tgt0, by a.conf\ne9.1: would be added, b on tgt0, by b.conf\ne9.2: would be added, c on tgt0, by c.conf\n", "--dry-run", a.dir)
	a.applies(true, "e9.1: added, b on tgt0, by b.conf\n", a.file("b"))
	a.applies(true, "e9.7: removed, no conf file describes it\ne9.0: added, a on tgt0, by a.conf\ne9.2: added, c on tgt0, by c.conf\n")
	a.applies(true, "nothing to do: exports are as 3 conf files say\n")
	a.applies(true, "nothing to do: exports are as 3 conf files say\n", "--dry-run", a.dir)

	a.conf("a", 3)               // another address
	a.conf("b", 1, "oops")       // wrong
	a.conf("c", 2, "options=-r") // changed
	a.conf("d", 2)               // twice
	a.conf("e", 5)               // no disk
	a.conf("f", 6, "own_process=yes")
	a.applies(false, `vblade: b.conf: line 5: "oops" is not NAME=VALUE; quote values that hold spaces, put none around the =
vblade: d.conf: e9.2 is described by c.conf already; give another shelf or slot
vblade: e9.1 is served as before: b.conf is wrong
e9.0: removed, now e9.3 by a.conf
e9.3: added, a on tgt0, by a.conf
e9.2: changed, c on tgt0, by c.conf
vblade: e.conf: open e: no such file or directory
vblade: 3 of 6 conf files are not in force, see above
`)
	if out := a.must("status"); strings.Contains(out, "e9.0 ") || strings.Count(out, "\ne9.") != 3 {
		t.Errorf("status prints\n%s", out)
	}
	for _, name := range []string{"d", "e", "f"} {
		os.Remove(a.file(name))
	}
	a.conf("b", 2)
	a.conf("c", 1) // change places
	a.applies(true, "e9.1: removed, now e9.2 by b.conf\ne9.2: changed, b on tgt0, by b.conf\ne9.1: added, c on tgt0, by c.conf\n")
	a.applies(true, "nothing to do: exports are as 3 conf files say\n")
	a.conf("c", 1, "filename=/nowhere/c")
	a.applies(false, "vblade: c.conf: open /nowhere/c: no such file or directory; e9.1 is served as before\nvblade: 1 of 3 conf files are not in force, see above\n")
	a.conf("c", 1)
	a.conf("a", 3, "own_process=yes")
	a.conf("f", 2, "own_process=yes") // e9.2, from b.conf so far
	os.Remove(a.file("b"))
	a.applies(true, "e9.2: removed, it has a process of its own by f.conf\ne9.3: removed, it has a process of its own by a.conf\n")
	if err := a.Stop(); err != nil {
		t.Error(err)
	}
}

// TestApplyOneAddress has two conf files describe one address: it stays with the one that
// is served, until that does not describe it any more.
func TestApplyOneAddress(t *testing.T) {
	a := newApplying(t)
	a.must("apply", a.dir)
	a.conf("Z", 1) // before b.conf in order
	const twice = "vblade: Z.conf: e9.1 is described by b.conf already; give another shelf or slot\n"
	a.applies(false, twice+"vblade: 1 of 4 conf files are not in force, see above\n")
	a.applies(false, twice+"vblade: 1 of 1 conf files are not in force, see above\n", a.file("Z"))
	a.conf("b", 1, "oops") // wrong
	a.applies(false, twice+`vblade: b.conf: line 5: "oops" is not NAME=VALUE; quote values that hold spaces, put none around the =
vblade: e9.1 is served as before: b.conf is wrong
vblade: 2 of 4 conf files are not in force, see above
`)
	a.conf("b", 4) // not any more
	a.applies(false, "vblade: Z.conf: open Z: no such file or directory\nvblade: 1 of 1 conf files are not in force, see above\n", a.file("Z"))
	a.conf("b", 1)
	os.Remove(a.file("Z"))
	a.conf("a", 1) // from another address
	a.applies(false, "vblade: a.conf: e9.1 is described by b.conf already; give another shelf or slot\n"+
		"vblade: e9.0 is served as before: a.conf is wrong\nvblade: 1 of 3 conf files are not in force, see above\n")
	if err := a.Stop(); err != nil {
		t.Error(err)
	}
}

// TestApplyOptions gives an export each option in its conf file, and takes it away
// again: each changes the export once.
func TestApplyOptions(t *testing.T) {
	a := newApplying(t)
	a.applies(true, "e9.0: added, a on tgt0, by a.conf\n", a.file("a"))
	for _, option := range []string{
		"-r", "-s", "-d", "-b 8", "-m 02:00:00:00:00:01", "--serial x", "--announce 60", "--state none",
		"--fail-stop", "--exclusive", "--hwaddr auto", "--hwaddr a2:00:00:00:09:01",
	} {
		for _, options := range []string{option, ""} {
			a.conf("a", 0, fmt.Sprintf("options=%q", options))
			a.applies(true, "e9.0: changed, a on tgt0, by a.conf\n", a.file("a"))
			a.applies(true, "nothing to do: exports are as 1 conf files say\n", a.file("a"))
			a.applies(true, "nothing to do: exports are as 1 conf files say\n", "--dry-run", a.file("a"))
		}
	}
}

// TestAddConf adds and removes what conf files say, as their units do.
func TestAddConf(t *testing.T) {
	a := newApplying(t)
	refuses := func(want string, command string, args ...string) {
		t.Helper()
		out, err := a.ask(command, args...)
		if err == nil || !strings.Contains(out, want) {
			t.Errorf("%s %q: %v, %s; want %s", command, args, err, out, want)
		}
	}
	line := fmt.Sprintf("pid %d: e9.0, %d sectors O_RDWR\n", a.Pid(), diskSize/sectorSize)
	for range 2 {
		if out := a.must("add", "--conf", a.file("a")); out != line {
			t.Errorf("add prints %s", out)
		}
	}
	a.conf("a", 4)
	a.must("add", "--conf", a.file("a"))
	a.conf("b", 4)
	refuses("e9.4 is served already, but not with the same file: "+a.path("a")+" on tgt0, 16384 sectors O_RDWR, --state "+a.state+", by "+a.file("a"), "add", "--conf", a.file("b"))
	refuses("leave out other options of it, and arguments", "add", "--conf", a.file("a"), "-r")
	a.conf("b", 1, "own_process=yes")
	refuses("it has a process of its own", "add", "--conf", a.file("b"))
	a.must("remove", "--conf", a.file("b")) // which is none
	a.conf("a", 9)
	a.must("remove", "--conf", a.file("a"))
	if out := a.must("status"); strings.Contains(out, "e9.") {
		t.Errorf("status prints\n%s", out)
	}
	if err := a.Stop(); err != nil {
		t.Error(err)
	}
	a.must("remove", "--conf", a.file("a")) // no server is there
	refuses("no server listens at "+a.control, "add", "--conf", a.file("a"))
}

// TestOwnProcess serves what a conf file says in a process of its own, with the
// priority that it asks for: that of each thread.
func TestOwnProcess(t *testing.T) {
	ionice := lab.Need(t, "ionice", "util-linux")
	a := newApplying(t)
	a.conf("a", 0, "ionice='-c best-effort -n 6'")
	v := a.host.StartVblade(t, a.vblade, "--conf", a.file("a"))
	if want := fmt.Sprintf("pid %d: e9.0, %d sectors O_RDWR", v.Pid(), diskSize/sectorSize); v.Line != want {
		t.Errorf("it prints %s, want %s", v.Line, want)
	}
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", v.Pid()))
	if err != nil || len(tasks) < 2 {
		t.Fatalf("%d threads, %v", len(tasks), err)
	}
	for _, task := range tasks {
		out, err := a.host.Output(ionice, "-p", filepath.Base(task))
		if err != nil || string(out) != "best-effort: prio 6\n" {
			t.Errorf("thread %s: %s, %v", filepath.Base(task), out, err)
		}
	}
	a.find([6]byte{})
	if err := v.Stop(); err != nil {
		t.Error(err)
	}
}

// TestConfList checks conf files without a server.
func TestConfList(t *testing.T) {
	a := newApplying(t)
	a.conf("b", 1, "options='-r --metrics :9100'")
	a.conf("c", 2, "ionice='-c 7'")
	a.conf("d", 0)                    // twice, by the server
	a.conf("e", 1)                    // twice on one link
	a.conf("f", 7, "own_process=yes") // twice, on other links
	a.conf("g", 7, "netif=lo", "own_process=yes")
	out, err := a.host.Output(a.vblade, "conf", a.dir)
	got := strings.NewReplacer(a.dir+"/", "", a.disks+"/", "").Replace(string(out))
	fields := strings.Join(strings.Fields(got), " ")
	for _, want := range []string{
		`vblade: c.conf: ionice: "7" is no class; give 0 to 3, or none, realtime, best-effort, idle`,
		"vblade: d.conf: e9.0 is described by a.conf already; give another shelf or slot",
		"vblade: e.conf: e9.1 is described by b.conf already; give another shelf or slot",
		"vblade: 3 of 7 conf files are wrong, see above", "e9.7 own tgt0 f f.conf", "e9.7 own lo g g.conf", "e9.0 server tgt0 a a.conf", "e9.1 own tgt0 b b.conf",
	} {
		if !strings.Contains(fields, want) {
			t.Errorf("conf prints\n%s, want\n%s", got, want)
		}
	}
	if err == nil {
		t.Error("it succeeds")
	}
	if out, _ := a.host.Output(a.vblade, "conf", "--own-process", a.file("a"), a.file("b")); string(out) != "b\n" {
		t.Errorf("of their own are %s", out)
	}
}
