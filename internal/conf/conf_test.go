// SPDX-License-Identifier: GPL-2.0-only

package conf

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vblade/test/conffile"
)

// TestParse reads conf files that are right.
func TestParse(t *testing.T) {
	for _, c := range []struct{ name, conf, want string }{
		{"as it is deployed", conffile.Complete, "[--][9][0][eth0][/srv/disk.img]"},
		{"with options", conffile.With("options='-r -m 00:0c:29:ab:cd:ef\t -o 8'"), "[-r][-m][00:0c:29:ab:cd:ef][-o][8][--][9][0][eth0][/srv/disk.img]"},
		{"with several interfaces", conffile.With("netif=eth0,eth1"), "[--][9][0][eth0,eth1][/srv/disk.img]"},
		{"with an address of its own", conffile.With("hwaddr=auto options=-s"), "[-s][--hwaddr][auto][--][9][0][eth0][/srv/disk.img]"},
		{"with a name of several words", conffile.With("filename='/srv/a  disk.img'\n"), "[--][9][0][eth0][/srv/a  disk.img]"},
		{"with a name like an option", conffile.With("filename=-r"), "[--][9][0][eth0][-r]"},
		{"with patterns", conffile.With("options='-b /et*'\nfilename='/*'\n"), "[-b][/et*][--][9][0][eth0][/*]"},
		{"with quotes", conffile.With(`filename="/srv/\"a\" \\ \x"' $b'\ \$c~\ä` + "\n"), `[--][9][0][eth0][/srv/"a" \ \x $b $c~ä]`},
		{"with comments", "# x\n\n" + conffile.With("\tnetif=eth1 # not eth0\nfilename=/a#b\n #\n"), "[--][9][0][eth1][/a#b]"},
		{"with all in a line", "shelf=9 slot=0;netif=eth0 ; filename=/x options= ionice=''", "[--][9][0][eth0][/x]"},
	} {
		f, err := Parse("x.conf", []byte(c.conf))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := "[" + strings.Join(f.Arguments(), "][") + "]"; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	f, err := Parse("/etc/a b.conf", []byte(conffile.With("ionice='-c 1' own_process=yes")))
	if err != nil || f.IOnice != "-c 1" || f.OwnProcess != "yes" || f.Name() != "a b" {
		t.Errorf("%+v, %v", f, err)
	}
}

// TestParseWrong reads conf files that are wrong: the reason has its line.
func TestParseWrong(t *testing.T) {
	const noPair = " is not NAME=VALUE; quote values that hold spaces, put none around the ="
	const special = " stands for something else in sh, which is not done here; put '' around the value"
	for _, c := range []struct{ name, conf, want string }{
		{"with nothing", "", "shelf is not set"},
		{"without a slot", "shelf=9\nnetif=eth0\nfilename=x\n", "slot is not set"},
		{"without an interface", "shelf=9\nslot=0\nfilename=x\n", "netif is not set"},
		{"with an empty file name", conffile.With("filename="), "line 4: filename is empty"},
		{"with an open quote", conffile.Complete + "options='-r", "line 5: a ' without a second one"},
		{"with another open quote", conffile.Complete + `options="-r'`, `line 5: a " without a second one`},
		{"with a quote that a \\ keeps open", conffile.Complete + `options="-r\"`, `line 5: a " without a second one`},
		{"with options that are not quoted", conffile.Complete + "options=-r -s\n", `line 5: "-s"` + noPair},
		{"with a command", conffile.Complete + "\nfalse\n", `line 6: "false"` + noPair},
		{"with a command that ends it", conffile.Complete + "exit 0\n", `line 5: "exit"` + noPair},
		{"with a command that has an =", conffile.Complete + "rm -r --dir=/\n", `line 5: "rm"` + noPair},
		{"with spaces around the =", "shelf = 9\n", `line 1: "shelf"` + noPair},
		{"with an export", "export shelf=9\n", `line 1: "export"` + noPair},
		{"with a line of another kind", conffile.Complete + "[Service]\n", `line 5: "[Service]"` + noPair},
		{"with an unknown variable", conffile.Complete + "opts=-r\n", "line 5: there is no variable opts; there are shelf, slot, netif, filename, options, ionice, hwaddr and own_process"},
		{"with a variable twice", conffile.Complete + "options=-r\noptions=-s\n", "line 6: options is set a second time"},
		{"with a variable's value", conffile.With("filename=/srv/$x\n"), "line 4: $" + special},
		{"with a command's output", conffile.With("filename=\"/srv/`x`\"\n"), "line 4: `" + special},
		{"with a command in the value", conffile.With("filename=/srv/$(x)\n"), "line 4: $" + special},
		{"with a home directory", conffile.With("filename=~/x\n"), "line 4: ~" + special},
		{"with a redirection", conffile.With("filename=/x >/y\n"), `line 4: ">/y"` + noPair},
		{"with a pipe", conffile.With("filename=/x|cat\n"), "line 4: |" + special},
		{"with a line that goes on", conffile.With("filename=/x\\\n"), `line 4: \` + special},
		{"of another system", "shelf=9\r\n", "line 1: holds a control character, such as the carriage return or byte order mark of other systems' files; remove it"},
		{"of yet another system", "\ufeffshelf=9\n", "line 1: holds a control character, such as the carriage return or byte order mark of other systems' files; remove it"},
		{"with a process of its own or not", conffile.Complete + "own_process=true\n", `line 5: own_process: "true" is neither yes nor no`},
		{"with an empty address", conffile.Complete + "hwaddr=\n", "line 5: hwaddr is empty"},
		{"with an empty process", conffile.Complete + "own_process=\n", "line 5: own_process is empty"},
	} {
		_, err := Parse("/etc/a disk.conf", []byte(c.conf))
		if want := "/etc/a disk.conf: " + c.want; err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", c.name, err, want)
		}
	}
}

// TestRead reads files, and what is none.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.conf")
	if _, err := Read(path); err == nil || err.Error() != path+": no such file" {
		t.Errorf("without a file: %v", err)
	}
	if _, err := Read(dir); err == nil || err.Error() != dir+": not a regular file" {
		t.Errorf("a directory: %v", err)
	}
	write(t, path, conffile.Complete)
	if f, err := Read(path); err != nil || f.Filename != "/srv/disk.img" || f.Path != path {
		t.Errorf("%+v, %v", f, err)
	}
	write(t, path, conffile.Complete+strings.Repeat("#", maxSize))
	if _, err := Read(path); err == nil || !strings.Contains(err.Error(), "this is no conf file") {
		t.Errorf("a large file: %v", err)
	}
}

// TestList lists a directory: what holds nothing but comments is left out, what is
// wrong or cannot be read is not.
func TestList(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"b.conf": conffile.Complete, "a.conf": "wrong", "skeleton.conf": "# nothing\n\n  \t# but comments", "c.conf~": conffile.Complete, "d": conffile.Complete, ".e.conf": conffile.Complete,
	} {
		write(t, filepath.Join(dir, name), content)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "dead.conf")); err != nil {
		t.Fatal(err)
	}
	got, err := List(dir)
	want := []string{dir + "/a.conf", dir + "/b.conf", dir + "/dead.conf"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	if _, err := List(filepath.Join(dir, "nowhere")); err == nil {
		t.Error("a directory that is not there is listed")
	}
}

// write writes a file.
func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
