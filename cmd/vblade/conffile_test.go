// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadConf reads conf files as command lines: which of them ask for a process of
// their own, and what is wrong with others.
func TestReadConf(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disk.conf")
	for _, c := range []struct {
		lines string
		own   bool
		wrong string // the error, if one is wanted
	}{
		{lines: ""},
		{lines: "options=-rs"},
		{lines: "own_process=no"},
		{lines: "own_process=yes", own: true},
		{lines: "options='--metrics unix:/run/x'", own: true},
		{lines: "ionice='-c 2 -n 7'", own: true},
		{lines: "own_process=no ionice=-c2", wrong: "ionice is a matter of a whole process, and own_process=no; leave one of them out"},
		{lines: "own_process=no options='--metrics :9100'", wrong: "--metrics is a matter of a whole process, and own_process=no; leave one of them out"},
		{lines: "ionice=-c9", wrong: `ionice: "9" is no class; give 0 to 3, or none, realtime, best-effort, idle`},
		{lines: "options=--help", wrong: "options: only those of an export may stand there"},
		{lines: "options='-r 7'", wrong: `options: "7" is no option, nor the value of one`},
		{lines: "options='-r --'", wrong: `options: leave out "--": only options may stand there`},
		{lines: "options='-- -r'", wrong: `options: leave out "--": only options may stand there`},
		{lines: "options='-r --serial'", wrong: "options: --serial needs a value; see vblade --help"},
		{lines: "options='--conf x'", wrong: "--conf: the file says all of the export; leave out other options of it, and arguments"},
		{lines: "options=--readonly", wrong: "options: there is no option --readonly (did you mean --read-only?); see vblade --help"},
	} {
		text := "shelf=9\nslot=0\nnetif=eth0\nfilename=/srv/disk\n" + c.lines + "\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		o, err := readConf(path)
		switch {
		case c.wrong != "":
			if err == nil || err.Error() != path+": "+c.wrong {
				t.Errorf("%s: %v, want %s", c.lines, err, c.wrong)
			}
		case err != nil || o.ownProcess != c.own || o.address().String() != "e9.0" || o.conf != path:
			t.Errorf("%s: %+v, %v", c.lines, o, err)
		}
	}
}

// TestParseIONice reads options of ionice(1).
func TestParseIONice(t *testing.T) {
	for s, want := range map[string]ioPriority{
		"-c1": {1, 4}, "-c 2 -n 7": {2, 7}, "-n0": {2, 0}, "-c idle": {3, 0}, "-c3 -n7": {3, 0}, "-c None": {0, 0},
		"--class best-effort --classdata 7": {2, 7}, "--class=realtime -t": {1, 4},
	} {
		if got, err := parseIONice(s); err != nil || got != want {
			t.Errorf("%s: %v, %v, want %v", s, got, err, want)
		}
	}
	for s, want := range map[string]string{
		"-t": "give a class", "-c 4": "is no class", "-c -1": "is no class", "-n 8": "level 8 is out of range", "-n x": "", "-c2 5": `"5" is no option of ionice`, "-p 1": "there is no option -p",
	} {
		if got, err := parseIONice(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v, want %s", s, got, err, want)
		}
	}
}
