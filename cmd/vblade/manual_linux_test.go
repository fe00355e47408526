// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"vblade/internal/blade"
	"vblade/internal/control"
)

// readManual returns the source of vblade(8).
func readManual(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../../man/vblade.8")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// markup finds the macros and escapes that stand in the manual between words.
var markup = regexp.MustCompile(`(?m)^\.(?:Pa|Li|Dv|Fl|Nm|Ar|Pq|Cm) |\\&`)

// manualItem returns the text of the item of the manual that describes a flag, on
// one line.
func manualItem(t *testing.T, manual string, f *pflag.Flag) string {
	t.Helper()
	head := regexp.MustCompile(`(?m)^\.It (?:.* )?Fl -` + regexp.QuoteMeta(f.Name) + `\b.*\n`)
	at := head.FindStringIndex(manual)
	if at == nil {
		t.Fatalf("vblade(8) does not describe --%s", f.Name)
	}
	text, _, _ := strings.Cut(manual[at[1]:], "\n.It ")
	text, _, _ = strings.Cut(text, "\n.El\n")
	return strings.Join(strings.Fields(markup.ReplaceAllString(text, "")), " ")
}

// defaultOf returns the default that help shows for a flag, nothing where it shows
// none.
func defaultOf(f *pflag.Flag) string {
	switch f.DefValue {
	case "", "0", "false", "[]":
		return ""
	}
	return f.DefValue
}

// statedDefault finds what the manual says is the default of an option.
var statedDefault = regexp.MustCompile(`The default is (\S+?)(?:\.? |\.?$)`)

// TestManualDefaults compares the defaults in vblade(8) with those of the program's
// options, of every command.
func TestManualDefaults(t *testing.T) {
	manual := readManual(t)
	with := 0
	for _, c := range append(commands(), exportCommand()) {
		c.flags(new(options)).VisitAll(func(f *pflag.Flag) {
			stated, want := "", defaultOf(f)
			if m := statedDefault.FindStringSubmatch(manualItem(t, manual, f)); m != nil {
				stated = m[1]
			}
			if stated != want {
				t.Errorf("%s: vblade(8) says that the default of --%s is %q; the program has %q", c.title(), f.Name, stated, want)
			}
			if want != "" {
				with++
			}
		})
	}
	if with == 0 {
		t.Error("no option has a default")
	}
}

// TestManualLimits looks in vblade(8) for the limits of the command line.
func TestManualLimits(t *testing.T) {
	words := strings.Join(strings.Fields(readManual(t)), " ")
	for _, want := range []string{
		fmt.Sprintf("0 to %d and 0 to %d", maxShelf, maxSlot),
		fmt.Sprintf("or up to %d of them, separated by commas", control.MaxLinks),
		fmt.Sprintf("MAC addresses, at most %d,", blade.MaxMasks),
		"from 1 to 65535",
	} {
		if !strings.Contains(words, want) {
			t.Errorf("vblade(8) does not say %q", want)
		}
	}
}
