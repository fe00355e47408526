// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// unconfined leaves the process of the tests as it is, which they share.
func unconfined(options) error { return nil }

// refused are command lines and what the error says; "T" stands for the target.
var refused = []struct {
	line, want string
}{
	{"", "shelf, slot, netif and filename are missing; usage: vblade [--conf file] [-b buffers]"},
	{"9 0", "netif and filename are missing; usage: vblade [--conf file] [-b buffers]"},
	{"9 0 eth0", "filename is missing; usage: vblade [--conf file] [-b buffers]"},
	{"T more", `"more" is one argument too many (quote a name that holds spaces); usage: vblade [--conf file] [-b buffers]`},
	{"-r", "shelf, slot, netif and filename are missing"},
	{"9 0 EMPTY disk", "netif is empty; name a network interface"},
	{"9 0 eth0 EMPTY", "filename is empty; name a regular file or a block device"},

	{"65535 0 eth0 disk", "shelf 65535 is out of range; give 0 to 65534"},
	{"65536 0 eth0 disk", "shelf 65536 is out of range; give 0 to 65534"},
	{"99999999999999999999 0 eth0 disk", "shelf 99999999999999999999 is out of range; give 0 to 65534"},
	{"x 0 eth0 disk", `"x" is neither a shelf, which is a number, nor a command, which are serve, add, remove, apply, conf, units, status, top, announce; see vblade --help`},
	{"Status", `"Status" is neither a shelf`},
	{"9x 0 eth0 disk", `shelf "9x" is not a number; give 0 to 65534`},
	{"0x9 0 eth0 disk", `shelf "0x9" is not a number; give 0 to 65534`},
	{"+9 0 eth0 disk", `"+9" is neither a shelf`},
	{"-r +9 0 eth0 disk", `shelf "+9" is not a number; give 0 to 65534`},
	{"9.0 0 eth0 disk", `shelf "9.0" is not a number; give 0 to 65534`},
	{"-- -1 0 eth0 disk", `shelf "-1" is not a number; give 0 to 65534`},
	{"9 255 eth0 disk", "slot 255 is out of range; give 0 to 254"},
	{"9 256 eth0 disk", "slot 256 is out of range; give 0 to 254"},
	{"9 0x eth0 disk", `slot "0x" is not a number; give 0 to 254`},

	{"9 0 , disk", `netif ",": number 1 of the list is empty; write it like eth0,eth1`},
	{"9 0 eth0, disk", `netif "eth0,": number 2 of the list is empty; write it like eth0,eth1`},
	{"9 0 eth0,,eth1 disk", `netif "eth0,,eth1": number 2 of the list is empty`},
	{"9 0 eth0,eth1,eth0 disk", `netif "eth0,eth1,eth0" names eth0 twice; once is enough`},
	{"add 9 0 eth0,eth0 FILE", `netif "eth0,eth0" names eth0 twice; once is enough`},

	{"serve T", `"9" is one argument too many; usage: vblade serve [--control path] [--replace] [--announce seconds] [--metrics address]; see vblade serve --help`},
	{"serve -r", "there is no option -r; see vblade serve --help"},
	{"serve --metrics 9100", `"9100" is no address`},
	{"serve --control /nowhere/at/all", "mkdir /nowhere/at: no such file or directory (name another path by --control)"},
	{"serve --control FILE", "listen at FILE: there is something else than a socket (name another path by --control)"},
	{"serve --replace --control NONE", "no server listens at NONE; start one with: vblade serve --control NONE"},
	{"serve --replaced", "there is no option --replaced (did you mean --replace?); see vblade serve --help"},
	{"add --control NONE 9 0 lo", "filename is missing; usage: vblade add [--control path] [--conf file] [export options] shelf slot netif[,netif...] filename"},
	{"add --metrics :9100 9 0 lo FILE", "there is no option --metrics; see vblade add --help"},
	{"add --readonly 9 0 lo FILE", "there is no option --readonly (did you mean --read-only?); see vblade add --help"},
	{"add -b 0 9 0 lo FILE", `-b, --buffers: "0" is no number of buffers; give 1 to 65535; see vblade add --help`},
	{"add 9 0 lo EMPTY", "filename is empty; name a regular file or a block device"},
	{"add --control NONE 9 0 /nowhere/disk lo", `"/nowhere/disk" cannot be an interface's name; lo is an interface: write netif before filename`},
	{"add x 0 lo FILE", `shelf "x" is not a number; give 0 to 65534`},
	{"add --control NONE 9 0 lo /nowhere/disk", "open /nowhere/disk: no such file or directory"},
	{"add --control NONE -o 4 9 0 lo FILE", "offset of 4 sectors is past the end of FILE, which has 4; give less"},
	{"add --control NONE 9 0 a/b FILE", `"a/b" cannot be an interface's name`},
	{"add --control NONE 9 0 lo FILE", "no server listens at NONE; start one with: vblade serve --control NONE"},
	{"remove", "e<shelf>.<slot> is missing; usage: vblade remove [--control path] [--conf file] e<shelf>.<slot>; see vblade remove --help"},
	{"remove 9 0", `"0" is one argument too many; usage: vblade remove`},
	{"remove 9.0", `"9.0" is no address; write e<shelf>.<slot>, such as e9.0`},
	{"remove e9.0 --control NONE", "no server listens at NONE"},
	{"status e9.0 e9.1", `"e9.1" is one argument too many; usage: vblade status`},
	{"status --jsn", "there is no option --jsn (did you mean --json?); see vblade status --help"},
	{"status e9.256", `"e9.256" is no address`},
	{"status --control NONE", "no server listens at NONE"},

	{"-b 0 T", `-b, --buffers: "0" is no number of buffers; give 1 to 65535; see vblade --help`},
	{"-b 65536 T", "give 1 to 65535"},
	{"-b -1 T", "give 1 to 65535"},
	{"-b 16k T", "give 1 to 65535"},
	{"-b 0x10 T", "give 1 to 65535"},
	{"T -b", "-b, --buffers needs a value"},
	{"T --buffers", "-b, --buffers needs a value"},
	{"T --metrics", "--metrics needs a value"},

	{"-o -1 T", "-o, --offset: -1 is out of range; give 0 to 281474976710656 sectors"},
	{"-o 281474976710657 T", "give 0 to 281474976710656 sectors"},
	{"-o 99999999999999999999 T", "give 0 to 281474976710656 sectors"},
	{"-o 0xffffffffffffffff T", "give 0 to 281474976710656 sectors"},
	{"-o 1k T", "give a number of sectors, in decimal, 0x hex or 0 octal"},
	{"-o 09 T", "give a number of sectors, in decimal, 0x hex or 0 octal"},
	{"-o 0x T", "give a number of sectors, in decimal, 0x hex or 0 octal"},
	{"-o 0xg T", "give a number of sectors, in decimal, 0x hex or 0 octal"},
	{"-o 0x+5 T", "give a number of sectors, in decimal, 0x hex or 0 octal"},
	{"-o 1_000 T", "give a number of sectors, in decimal, 0x hex or 0 octal"},
	{"-o 1.5 T", "give a number of sectors, in decimal, 0x hex or 0 octal"},
	{"-l 0 T", "give 1 to 281474976710656 sectors"},
	{"-l -1 T", "give 1 to 281474976710656 sectors"},
	{"-l x T", "give a number of sectors, in decimal, 0x hex or 0 octal"},

	{"-m x T", `vblade: -m, --mac: number 1 of the list, "x", is not a MAC; write it like 00:0c:29:ab:cd:ef or 000c29abcdef`},
	{"--mac= T", `number 1 of the list, "", is not a MAC`},
	{"-m 001122334455, T", `number 2 of the list, "", is not a MAC`},
	{"-m ,001122334455 T", `number 1 of the list, "", is not a MAC`},
	{"-m 001122334455;001122334456 T", "number 1 of the list"},
	{"-m 00112233445 T", "number 1 of the list"},
	{"-m 0011223344556 T", "number 1 of the list"},
	{"-m 00:11:22:33:44 T", "number 1 of the list"},
	{"-m 00-11-22-33-44-55 T", "number 1 of the list"},
	{"-m 0:01:12:23:34:455 T", "number 1 of the list"},
	{"-m 00:11:22:33:44:5g T", "number 1 of the list"},
	{"-m 001122334455,00:11:22:33:44:555 T", "number 2 of the list"},

	{"--hwaddr T", `--hwaddr: number 1 of the list, "9", is not a MAC; write it like a2:00:00:00:09:00, or write auto`},
	{"--hwaddr= T", `number 1 of the list, "", is not a MAC`},
	{"--hwaddr auto,020000000001 T", `number 1 of the list, "auto", is not a MAC`},
	{"--hwaddr 010000000001 T", "01:00:00:00:00:01 is the address of a group; give one whose first byte is even, such as a2"},
	{"--hwaddr 000000000000 T", "00:00:00:00:00:00 is no address of an interface"},
	{"--hwaddr 020000000001,020000000001 9 0 eth0,eth1 disk", "02:00:00:00:00:01 is there twice; give each link another, or one alone for all"},
	{"--hwaddr 020000000001,020000000002 9 0 eth0,eth1,eth2 disk", "--hwaddr: MACs: 2, interfaces: 3; give one for each, in their order, one for all, or auto"},
	{"--serial= T", "--serial: it is empty; give a text, or leave the option out"},
	{"--serial 123456789012345678901 T", `--serial: serial number "123456789012345678901" has 21 characters; give at most 20`},
	{"--serial äääääääääää T", `serial number "äääääääääää" has characters that are not printable ASCII; leave them out`},
	{"--serial ä T", `--serial: serial number "ä" has characters that are not printable ASCII; leave them out`},
	{"--state= T", "--state: it is empty; name a directory, or write none"},
	{"--state /nowhere/state 9 0 lo FILE", "make /nowhere/state: /nowhere is not there; --state names another directory for what initiators set, or none"},
	{"add --hwaddr 020000000001,020000000002 T", "--hwaddr: MACs: 2, interfaces: 1; give one for each, in their order, one for all, or auto"},

	{"--announce 0 T", `--announce: "0" is no number of seconds; give 1 to 86400`},
	{"--announce 86401 T", `--announce: "86401" is no number of seconds`},
	{"serve --announce -1", `--announce: "-1" is no number of seconds`},
	{"announce 9.0", `"9.0" is no address; write e<shelf>.<slot>, such as e9.0`},
	{"announce e9.0 e9.1", `"e9.1" is one argument too many`},

	{"--metrics T", `"9" is no address; give unix:PATH or HOST:PORT, such as unix:/run/vblade.sock or localhost:9654`},
	{"--metrics= T", `"" is no address`},
	{"--metrics 9100 T", `"9100" is no address`},
	{"--metrics /run/vblade.sock T", `"/run/vblade.sock" is no address`},
	{"--metrics unix: T", "unix: without a path"},
	{"--metrics unix:FILE 9 0 lo FILE", "listen on unix:FILE for metrics: there is something else than a socket (name another path)"},
	{"--metrics unix:FILE/x 9 0 lo FILE", "listen on unix:FILE/x for metrics: not a directory (name another address)"},

	{"--metrics unix:LONG T", "--metrics: the path has 150 bytes, and that of a socket at most 1"},
	{"--conf= ", "--conf: it is empty; name a file; see vblade --help"},
	{"serve --control=", "--control: the path is empty; name one; see vblade serve --help"},
	{"status --control LONG", "--control: the path has 150 bytes, and that of a socket at most 1"},
	{"top -n 0", `-n, --count: "0" is no number of times; give 1 or more; see vblade top --help`},
	{"top -n -1", `-n, --count: "-1" is no number of times; give 1 or more; see vblade top --help`},

	{"-z T", "there is no option -z; see vblade --help"},
	{"--nothing T", "there is no option --nothing; see vblade --help"},
	{"-rz T", "there is no option -z; see vblade --help"},
	{"-1 0 eth0 disk", "there is no option -1; before an argument that begins with - write --; see vblade --help"},
	{"--readonly T", "there is no option --readonly (did you mean --read-only?); see vblade --help"},
	{"--read_only=true T", "there is no option --read_only (did you mean --read-only?); see vblade --help"},
	{"--buffer 4 T", "there is no option --buffer (did you mean --buffers?); see vblade --help"},
	{"--len 4 T", "there is no option --len (did you mean --length?); see vblade --help"},
	{"-readonly T", "there is no option -e in -readonly (did you mean --read-only?); see vblade --help"},
	{"-metrics=:9100 T", "-m, --mac: number 1 of the list"},
	{"--=x T", `"--=x" is no option`},
	{"--read-only=yes T", `-r, --read-only: "yes" is neither true nor false; leave the value out`},

	{"9 0 /nowhere/disk lo", "interface /nowhere/disk: no such network interface; there are lo"},
	{"9 0 /nowhere/disk lo", "; lo is an interface: write netif before filename"},
	{"9 0 lo /nowhere/disk", "open /nowhere/disk: no such file or directory"},
	{"9 0 lo /nowhere/\x1b[31m\xff", `open /nowhere/\x1b[31m\xff: no such file or directory`},
	{"9 0 lo /", "open /: is a directory; name a regular file or a block device"},
	{"9 0 lo /dev/null", "/dev/null: is a character device"},
	{"9 0 nowhere0 FILE", "interface nowhere0: no such network interface; there are "},
	{"-o 4 9 0 lo FILE", "offset of 4 sectors is past the end of FILE, which has 4; give less"},
	{"-l 5 9 0 lo FILE", "length of 5 sectors is too long: FILE has 4 from offset 0 (4 in all); give at most that"},
}

// TestRefused runs what is wrong: exit status 1, one line on standard error,
// nothing on standard output.
func TestRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "disk")
	none := filepath.Join(t.TempDir(), "none")
	if err := os.WriteFile(file, make([]byte, 2048), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range refused {
		var stdout, stderr strings.Builder
		args := words(strings.NewReplacer("FILE", file, "NONE", none, "LONG", strings.Repeat("x", 150)).Replace(c.line))
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "EMPTY", "")
		}
		if status := run(args, &stdout, &stderr, unconfined); status != 1 {
			t.Errorf("vblade %s: exit status %d", c.line, status)
		}
		if stdout.Len() > 0 {
			t.Errorf("vblade %s prints on standard output: %s", c.line, &stdout)
		}
		text, whole := strings.CutSuffix(stderr.String(), "\n")
		if !strings.HasPrefix(text, "vblade: ") || !whole || strings.Contains(text, "\n") {
			t.Errorf("vblade %s does not print one line that begins with its name:\n%s", c.line, &stderr)
		}
		if want := strings.NewReplacer("FILE", file, "NONE", none).Replace(c.want); !strings.Contains(text, want) {
			t.Errorf("vblade %s prints\n%swant\n%s", c.line, &stderr, want)
		}
	}
}

// TestHelp asks for help, which goes to standard output.
func TestHelp(t *testing.T) {
	for _, line := range []string{"--help", "-h", "-rh", "--help what ever", "9 0 eth0 disk -h"} {
		var stdout, stderr strings.Builder
		if status := run(strings.Fields(line), &stdout, &stderr, unconfined); status != 0 || stderr.Len() > 0 {
			t.Errorf("vblade %s: exit status %d, on standard error: %s", line, status, &stderr)
		}
		if !strings.HasPrefix(stdout.String(), "Usage: vblade "+usage+"\n") {
			t.Errorf("vblade %s prints\n%s", line, &stdout)
		}
		for _, option := range []string{"-b, --buffers", "-o, --offset", "-l, --length", "-d, --direct", "-s, --sync", "-r, --read-only", "-m, --mac", "--hwaddr", "--serial", "--announce", "--force", "--state", "--metrics", "--fail-stop", "--exclusive", "--version", "-h, --help"} {
			if !strings.Contains(stdout.String(), option) {
				t.Errorf("vblade %s does not name %s", line, option)
			}
		}
	}
}

// TestCommandHelp asks for the help of each command, which names its options.
func TestCommandHelp(t *testing.T) {
	var general strings.Builder
	run([]string{"--help"}, &general, &general, unconfined)
	for _, c := range commands() {
		var stdout, stderr strings.Builder
		if status := run([]string{c.name, "what", "--help"}, &stdout, &stderr, unconfined); status != 0 || stderr.Len() > 0 {
			t.Errorf("vblade %s --help: exit status %d, on standard error: %s", c.name, status, &stderr)
		}
		asks := c.flags(new(options)).Lookup("control") != nil // the server
		if !strings.HasPrefix(stdout.String(), "Usage: vblade "+c.name+" ") || !strings.Contains(stdout.String(), c.about) ||
			strings.Contains(stdout.String(), " [--control path]") != asks || strings.Contains(stdout.String(), `(default /`) != asks {
			t.Errorf("vblade %s --help prints\n%s", c.name, &stdout)
		}
		if !strings.Contains(general.String(), c.about) {
			t.Errorf("vblade --help does not name %s:\n%s", c.name, &general)
		}
	}
}

// TestVersion asks for the version.
func TestVersion(t *testing.T) {
	var stdout, stderr strings.Builder
	if status := run([]string{"--version"}, &stdout, &stderr, unconfined); status != 0 || stderr.Len() > 0 || stdout.String() != "vblade "+version+"\n" {
		t.Errorf("exit status %d, prints %q and %q", status, &stdout, &stderr)
	}
}
