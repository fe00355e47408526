// SPDX-License-Identifier: GPL-2.0-only

package packaging

import (
	"os/exec"
	"strings"
	"testing"

	"vblade/test/lab"
)

// complete is a conf file with all that it needs.
const complete = "shelf=9\nslot=0\nnetif=eth0\nfilename=/srv/disk.img\n"

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
		{"with options", complete + "options='-r -m 00:0c:29:ab:cd:ef -o 8'", "[-r][-m][00:0c:29:ab:cd:ef][-o][8][--][9][0][eth0][/srv/disk.img]"},
		{"with a name of several words", complete + "filename='/srv/a  disk.img'", "[--][9][0][eth0][/srv/a  disk.img]"},
		{"with a name like an option", complete + "filename=-r", "[--][9][0][eth0][-r]"},
		{"with patterns", complete + "options='-b /et*'\nfilename='/*'", "[-b][/et*][--][9][0][eth0][/*]"},
		{"with what the shell expands", complete + `dir=/srv; filename=$dir/$(echo disk)`, "[--][9][0][eth0][/srv/disk]"},
		{"that prints", complete + "echo hello >&2", "hello\n[--][9][0][eth0][/srv/disk.img]"},
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
// does not try again, and the reason.
func TestExportWrong(t *testing.T) {
	const where = "vblade: /etc/vblade.conf.d/a disk.conf: "
	for _, c := range []struct{ name, conf, want string }{
		{"with nothing", "", where + "shelf is not set\n"},
		{"without a slot", "shelf=9\nnetif=eth0\nfilename=x\n", where + "slot is not set\n"},
		{"without an interface", "shelf=9\nslot=0\nfilename=x\n", where + "netif is not set\n"},
		{"with an empty file name", complete + "filename=", where + "filename is not set\n"},
		{"that is no shell fragment", complete + "options='-r", "Unterminated quoted string\n" + where + "not a shell fragment, see above\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, status := export(t, c.conf, "")
			if !strings.HasSuffix(got, c.want) || status != 78 {
				t.Errorf("status %d, %s, want 78, %s", status, got, c.want)
			}
		})
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
	if got, _ := export(t, complete+"ionice='-c best-effort -n 6'", "ionice -p $$"); !strings.HasSuffix(got, "]best-effort: prio 6\n") {
		t.Errorf("with a priority: %s", got)
	}
	got, status := export(t, complete+"ionice='-c nonsense'", "")
	if !strings.HasSuffix(got, "ionice='-c nonsense' is not in force\n[--][9][0][eth0][/srv/disk.img]") || status != 0 {
		t.Errorf("with nonsense: status %d, %s", status, got)
	}
}
