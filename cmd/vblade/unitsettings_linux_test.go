// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"vblade/internal/ata"
	"vblade/internal/control"
)

// readUnits returns the text of each of the units that the packages have, by the
// names of their files.
func readUnits(t *testing.T) map[string]string {
	t.Helper()
	const dir = "../../packaging/systemd"
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	units := map[string]string{}
	for _, e := range entries {
		if name := e.Name(); strings.HasSuffix(name, ".service") || name == "own-process.conf" {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			units[name] = string(b)
		}
	}
	if len(units) < 4 {
		t.Fatalf("%d units", len(units))
	}
	return units
}

// settings returns the values that a unit gives to a setting.
func settings(unit, name string) []string {
	var values []string
	for _, m := range regexp.MustCompile(`(?m)^`+name+`=(.*)$`).FindAllStringSubmatch(unit, -1) {
		values = append(values, m[1])
	}
	return values
}

// setting returns the only value of a setting that a unit must have.
func setting(t *testing.T, units map[string]string, unit, name string) string {
	t.Helper()
	values := settings(units[unit], name)
	if len(values) != 1 {
		t.Fatalf("%s has the values %q for %s; want one", unit, values, name)
	}
	return values[0]
}

// TestUnitCommands looks up the commands and options that the units run.
func TestUnitCommands(t *testing.T) {
	known := map[string]command{"": exportCommand()}
	for _, c := range commands() {
		known[c.name] = c
	}
	seen := 0
	for name, unit := range readUnits(t) {
		for _, line := range settings(unit, "Exec(?:Start|StartPre|Stop|Reload)") {
			_, args, ok := strings.Cut(line, "/usr/sbin/vblade ")
			if !ok {
				continue
			}
			seen++
			words := strings.Fields(args)
			word := ""
			if !strings.HasPrefix(words[0], "-") {
				word, words = words[0], words[1:]
			}
			c, ok := known[word]
			if !ok {
				t.Errorf("%s runs vblade %s, which does not exist", name, word)
				continue
			}
			fs := c.flags(new(options))
			for _, w := range words {
				if option, ok := strings.CutPrefix(w, "--"); ok && fs.Lookup(option) == nil {
					t.Errorf("%s runs %s with --%s, which it does not have", name, c.title(), option)
				}
			}
		}
	}
	if seen == 0 {
		t.Error("no unit runs vblade")
	}
}

// TestUnitSettings compares settings of the units with what the program does.
func TestUnitSettings(t *testing.T) {
	units := readUnits(t)
	const export, server = "vblade@.service", "vblade.service"

	final := strings.Fields(setting(t, units, export, "RestartPreventExitStatus"))
	misuseStatus := ""
	for _, variable := range settings(units[export], "Environment") {
		if value, ok := strings.CutPrefix(variable, refusalVariable+"="); ok {
			misuseStatus = value
		}
	}
	for what, status := range map[string]string{"of a misuse": misuseStatus, "of a disk that is gone": strconv.Itoa(goneStatus)} {
		if !slices.Contains(final, status) {
			t.Errorf("%s starts again after the exit status %s, %q", export, what, status)
		}
	}

	directory := setting(t, units, server, "RuntimeDirectory")
	if want := filepath.Base(filepath.Dir(control.DefaultPath)); directory != want {
		t.Errorf("%s makes /run/%s; the control socket is in /run/%s", server, directory, want)
	}
	for name, unit := range units {
		notifies := slices.Contains(settings(unit, "Type"), "notify")
		if watched := len(settings(unit, "WatchdogSec")) > 0; watched != notifies {
			t.Errorf("%s: has a watchdog: %v; is told that the program serves: %v", name, watched, notifies)
		}
		if !notifies {
			continue
		}
		seconds, err := strconv.Atoi(setting(t, units, name, "TimeoutStopSec"))
		if err != nil || time.Duration(seconds)*time.Second <= endWithin {
			t.Errorf("%s: kills vblade after %d seconds; that takes up to %v to end", name, seconds, endWithin)
		}
	}
}

// TestKeptExports compares the number of exports that systemd keeps, in
// vblade-persistence(5), with the unit's limit.
func TestKeptExports(t *testing.T) {
	units := readUnits(t)
	limit, err := strconv.Atoi(setting(t, units, "vblade.service", "FileDescriptorStoreMax"))
	if err != nil {
		t.Fatal(err)
	}
	// For each export its parameters, its state and its file; with -s also the file for
	// each writer, of which there are few where writes go in batches.
	const plain, direct = 3, 3 + diskWriters
	synced := 11
	path := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(path, make([]byte, 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	disk, err := ata.OpenFile(path, ata.Options{Sync: true, Writers: diskWriters})
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	if disk.Batches() > 0 { // not on tmpfs
		synced = 2 + len(disk.Descriptors())
	}
	page, err := os.ReadFile("../../man/vblade-persistence.5")
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("allows: %d, %d with .Fl s , or %d with .Fl s and .Fl d ,", limit/plain, limit/synced, limit/direct)
	if words := strings.Join(strings.Fields(string(page)), " "); !strings.Contains(words, want) {
		t.Errorf("vblade-persistence(5) does not say %q", want)
	}
}
