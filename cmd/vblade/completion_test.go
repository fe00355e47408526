// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// update has TestCompletionTable write the table instead of checking it.
var update = flag.Bool("update", false, "write the table of packaging/completion.bash")

// completionFile is the completion for bash.
const completionFile = "../../packaging/completion.bash"

// TestCompletionTable checks that the completion for bash has the commands and
// options of vblade's own table; with -update it writes them there.
func TestCompletionTable(t *testing.T) {
	script, err := os.ReadFile(completionFile)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "\n_vblade_table() {\n", "}\n"
	before, rest, found := strings.Cut(string(script), begin)
	_, after, whole := strings.Cut(rest, end)
	if !found || !whole {
		t.Fatalf("%s has no table", completionFile)
	}
	want := before + begin + completionTable() + end + after
	switch {
	case string(script) == want:
	case !*update:
		t.Errorf("the table of %s is not that of vblade; run: make completion", completionFile)
	default:
		if err := os.WriteFile(completionFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// completionTable is the body of the completion's function that has the table.
func completionTable() string {
	var b bytes.Buffer
	valued := map[string]string{} // the options with a value, and what that is
	var names, named, exported, paths []string
	cases := ""
	for _, c := range append(commands(), exportCommand()) {
		options := c.completionOptions(valued)
		if c.name == "" {
			cases += fmt.Sprintf("\t*) options=%q ;;\n", options)
			continue
		}
		names = append(names, c.name)
		if strings.Contains(c.usage, exportName) {
			named = append(named, c.name)
		}
		if c.arguments == exportArguments {
			exported = append(exported, c.name)
		}
		if strings.HasSuffix(c.usage, " "+confPaths) {
			paths = append(paths, c.name)
		}
		cases += fmt.Sprintf("\t%s) options=%q ;;\n", c.name, options)
	}
	fmt.Fprintf(&b, "\tcommands=%q\n", strings.Join(names, " "))
	fmt.Fprintf(&b, "\tnamed=%q exported=%q paths=%q # by their arguments\n", strings.Join(named, " "), strings.Join(exported, " "), strings.Join(paths, " "))
	fmt.Fprintf(&b, "\tvalued=%q # options, of any command\n", wordsOf(valued, func(string, string) bool { return true }))
	fmt.Fprintf(&b, "\tfiles=%q directories=%q # those whose value is one\n",
		wordsOf(valued, func(_, kind string) bool { return kind == "path" || kind == "file" }),
		wordsOf(valued, func(_, kind string) bool { return kind == "directory" }))
	short := wordsOf(valued, func(option, _ string) bool { return len(option) == 2 })
	fmt.Fprintf(&b, "\tvalued_short=%s\n", strings.NewReplacer(" ", "", "-", "").Replace(short))
	fmt.Fprintf(&b, "\tcase $1 in\n%s\tesac\n", cases)
	return b.String()
}

// wordsOf lists those options with a value that a function chooses.
func wordsOf(valued map[string]string, chosen func(option, kind string) bool) string {
	var list []string
	for option, kind := range valued {
		if chosen(option, kind) {
			list = append(list, option)
		}
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

// completionOptions returns the options of a command, and enters those that have a
// value.
func (c command) completionOptions(valued map[string]string) string {
	var list []string
	c.flags(new(options)).VisitAll(func(f *pflag.Flag) {
		words := []string{"--" + f.Name}
		if f.Shorthand != "" {
			words = append(words, "-"+f.Shorthand)
		}
		list = append(list, words...)
		if f.NoOptDefVal != "" {
			return
		}
		kind, _ := pflag.UnquoteUsage(f)
		for _, w := range words {
			valued[w] = kind
		}
	})
	slices.Sort(list)
	return strings.Join(list, " ")
}
