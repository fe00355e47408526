// SPDX-License-Identifier: GPL-2.0-only

package packaging

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"vblade/test/lab"
)

// complete is a conf file with all that it needs.
const complete = "shelf=9\nslot=0\nnetif=eth0\nfilename=/srv/disk.img\n"

// with is the complete conf file with lines of its own instead of those that set
// the same variables.
func with(lines string) string {
	kept := ""
	for line := range strings.Lines(complete) {
		name, _, _ := strings.Cut(line, "=")
		if !regexp.MustCompile(`(?m)(^|\s)` + name + `=`).MatchString(lines) {
			kept += line
		}
	}
	return kept + lines
}

// export runs vblade-export with a program in vblade's place that prints its
// arguments between brackets, and then what sh says to script.
func export(t *testing.T, conf, script string) (output string, status int) {
	t.Helper()
	root := install(t)
	root.conf(t, "a disk", conf)
	root.write(t, "usr/sbin/vblade", "#!/bin/sh\nprintf '[%s]' \"$@\"\n"+script)
	cmd := exec.Command(root.path("usr/libexec/vblade/vblade-export"), "a disk")
	cmd.Dir = t.TempDir()
	out, _ := cmd.CombinedOutput()
	return strings.ReplaceAll(string(out), string(root), ""), cmd.ProcessState.ExitCode()
}

// TestExport reads conf files that are right.
func TestExport(t *testing.T) {
	for _, c := range []struct{ name, conf, want string }{
		{"as it is deployed", complete, "[--][9][0][eth0][/srv/disk.img]"},
		{"with options", with("options='-r -m 00:0c:29:ab:cd:ef -o 8'"), "[-r][-m][00:0c:29:ab:cd:ef][-o][8][--][9][0][eth0][/srv/disk.img]"},
		{"with a name of several words", with("filename='/srv/a  disk.img'\n"), "[--][9][0][eth0][/srv/a  disk.img]"},
		{"with a name like an option", with("filename=-r"), "[--][9][0][eth0][-r]"},
		{"with patterns", with("options='-b /et*'\nfilename='/*'\n"), "[-b][/et*][--][9][0][eth0][/*]"},
		{"with quotes", with(`filename="/srv/\"a\" \\ \x"' $b'\ \$c~` + "\n"), `[--][9][0][eth0][/srv/"a" \ \x $b $c~]`},
		{"with comments", "# x\n\n" + with("\tnetif=eth1 # not eth0\nfilename=/a#b\n #\n"), "[--][9][0][eth1][/a#b]"},
		{"with all in a line", "shelf=9 slot=0;netif=eth0 ; filename=/x options= ionice=''", "[--][9][0][eth0][/x]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, status := export(t, c.conf, "")
			if got != c.want || status != 0 {
				t.Errorf("%s, status %d, want %s", got, status, c.want)
			}
		})
	}
}

// TestExportWrong reads conf files that are wrong: status 78, which systemd
// does not try again, the reason with its line, and nothing is served.
func TestExportWrong(t *testing.T) {
	const where = "vblade: /etc/vblade.conf.d/a disk.conf: "
	const noPair = " is not NAME=VALUE; quote values that hold spaces, put none around the =\n"
	const special = " stands for something else in sh, which is not done here; put '' around the value\n"
	for _, c := range []struct{ name, conf, want string }{
		{"with nothing", "", where + "shelf is not set\n"},
		{"without a slot", "shelf=9\nnetif=eth0\nfilename=x\n", where + "slot is not set\n"},
		{"without an interface", "shelf=9\nslot=0\nfilename=x\n", where + "netif is not set\n"},
		{"with an empty file name", with("filename="), where + "line 4: filename is empty\n"},
		{"with an open quote", complete + "options='-r", where + "line 5: a ' without a second one\n"},
		{"with another open quote", complete + `options="-r'`, where + "line 5: a \" without a second one\n"},
		{"with options that are not quoted", complete + "options=-r -s\n", where + `line 5: "-s"` + noPair},
		{"with a command", complete + "\nfalse\n", where + `line 6: "false"` + noPair},
		{"with a command that ends it", complete + "exit 0\n", where + `line 5: "exit"` + noPair},
		{"with a command that has an =", complete + "rm -r --dir=/\n", where + `line 5: "rm"` + noPair},
		{"with spaces around the =", "shelf = 9\n", where + `line 1: "shelf"` + noPair},
		{"with an export", "export shelf=9\n", where + `line 1: "export"` + noPair},
		{"with a line of another kind", complete + "[Service]\n", where + `line 5: "[Service]"` + noPair},
		{"with an unknown variable", complete + "opts=-r\n", where + "line 5: there is no variable opts; there are shelf, slot, netif, filename, options and ionice\n"},
		{"with a variable twice", complete + "options=-r\noptions=-s\n", where + "line 6: options is set a second time\n"},
		{"with a variable's value", with("filename=/srv/$x\n"), where + "line 4: $" + special},
		{"with a command's output", with("filename=\"/srv/`x`\"\n"), where + "line 4: `" + special},
		{"with a command in the value", with("filename=/srv/$(x)\n"), where + "line 4: $" + special},
		{"with a home directory", with("filename=~/x\n"), where + "line 4: ~" + special},
		{"with a redirection", with("filename=/x >/y\n"), where + `line 4: ">/y"` + noPair},
		{"with a pipe", with("filename=/x|cat\n"), where + "line 4: |" + special},
		{"with a line that goes on", with("filename=/x\\\n"), where + `line 4: \` + special},
		{"of another system", "shelf=9\r\n", where + "line 1: holds a control character, such as the carriage return of other systems' files; remove it\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, status := export(t, c.conf, "")
			if got != c.want || status != 78 {
				t.Errorf("status %d, %s, want 78, %s", status, got, c.want)
			}
		})
	}
}

// TestConfIsShell reads values made at random: what is taken means the same to
// sh, which has read these files before.
func TestConfIsShell(t *testing.T) {
	root := install(t)
	dir := t.TempDir()
	pieces := []string{"a", "b=", " ", "\t", "'", "'", `"`, `"`, `\`, "$", "`", "#", ";", "~", ":", "&", "|", ">", "(", ")", "*", "[a-z]", "{", "ä", "slot=1", "!"}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 1000 {
		value := ""
		for range 1 + random.IntN(6) {
			value += pieces[random.IntN(len(pieces))]
		}
		conf := "shelf=9 netif=lo\noptions=" + value + "\nslot=0\nfilename=x\n"
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), []byte(conf), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	script := `. "$0"; taken=0
		show() { printf '[%s]' "$shelf" "$slot" "$netif" "$filename" "$options"; }
		for file in ./*; do
			ours=$(read_conf "$file" 2>&1 && show) || continue
			sh=$(. "$file" 2>&1; show)
			[ "$ours" = "$sh" ] || { cat "$file"; echo "ours: $ours"; echo "sh:   $sh"; }
			taken=$((taken + 1))
		done
		echo "$taken"`
	cmd := exec.Command("sh", "-c", script, root.path("usr/libexec/vblade/conf.sh"))
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	taken, _ := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil || taken < 100 || taken > 900 {
		t.Errorf("%v, %s", err, out)
	}
}

// TestNoPipes looks for command substitutions and here-documents in what the unit
// runs, which may make no pipe (SystemCallFilter=~@ipc).
func TestNoPipes(t *testing.T) {
	pipe := regexp.MustCompile(`\$\([^(]|<<`)
	for _, script := range []string{"vblade-export", "conf.sh"} {
		text, err := os.ReadFile(filepath.Join(source, "packaging", script))
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			if pipe.MatchString(line) {
				t.Errorf("%s: line %d makes a pipe: %s", script, i+1, line)
			}
		}
	}
}

// TestExportEnvironment checks that nothing but the conf file counts.
func TestExportEnvironment(t *testing.T) {
	t.Setenv("slot", "7")
	if got, status := export(t, "shelf=9\nnetif=eth0\nfilename=x\n", ""); status != 78 {
		t.Errorf("a slot that only the environment has: status %d, %s", status, got)
	}
}

// TestExportIonice sets the I/O priority; one that it cannot set is no reason
// not to serve.
func TestExportIonice(t *testing.T) {
	lab.Need(t, "ionice", "util-linux")
	if got, _ := export(t, with("ionice='-c best-effort -n 6'"), "ionice -p $$"); !strings.HasSuffix(got, "]best-effort: prio 6\n") {
		t.Errorf("with a priority: %s", got)
	}
	got, status := export(t, with("ionice='-c nonsense'"), "")
	if !strings.HasSuffix(got, "ionice='-c nonsense' is not in force\n[--][9][0][eth0][/srv/disk.img]") || status != 0 {
		t.Errorf("with nonsense: status %d, %s", status, got)
	}
}
