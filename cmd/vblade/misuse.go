// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// misuse is an error of the command line itself, which trying again does not
// help.
type misuse struct{ error }

// Unwrap returns what is wrong.
func (m misuse) Unwrap() error { return m.error }

// argumentNames are the positional arguments.
var argumentNames = [...]string{"shelf", "slot", "netif", "filename"}

// countError is the error of positional arguments that are missing or too many.
type countError string

// Error says which.
func (e countError) Error() string { return string(e) }

// checkCount returns an error that says which positional arguments are missing,
// or which is too many. There may be as many as names, and must be at least
// least.
func checkCount(args, names []string, least int) error {
	n := len(args)
	switch {
	case n > len(names):
		hint := ""
		if slices.Contains(names, "filename") {
			hint = " (quote a name that holds spaces)"
		}
		return countError(fmt.Sprintf("%q is one argument too many%s", args[len(names)], hint))
	case n >= least:
		return nil
	case n == least-1:
		return countError(names[n] + " is missing")
	}
	return countError(strings.Join(names[n:least-1], ", ") + " and " + names[least-1] + " are missing")
}

// optionError returns an error in our words for an error in the options of args.
func optionError(fs *pflag.FlagSet, args []string, err error) error {
	var unknown *pflag.NotExistError
	var valueless *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	var syntax *pflag.InvalidSyntaxError
	switch {
	case errors.As(err, &unknown):
		return unknownOption(fs, args, unknown)
	case errors.As(err, &valueless):
		return fmt.Errorf("%s needs a value", optionName(valueless.GetFlag()))
	case errors.As(err, &invalid) && invalid.GetFlag().Value.Type() == "bool":
		return fmt.Errorf("%s: %q is neither true nor false; leave the value out", optionName(invalid.GetFlag()), invalid.GetValue())
	case errors.As(err, &invalid):
		return fmt.Errorf("%s: %w", optionName(invalid.GetFlag()), invalid.Unwrap())
	case errors.As(err, &syntax):
		return fmt.Errorf("%q is no option", syntax.GetSpecifiedFlag())
	}
	return err
}

// optionName is how an option is written: -b, --buffers.
func optionName(f *pflag.Flag) string {
	if f.Shorthand == "" {
		return "--" + f.Name
	}
	return "-" + f.Shorthand + ", --" + f.Name
}

// unknownOption returns an error for an option that does not exist, with the one
// that may be meant.
func unknownOption(fs *pflag.FlagSet, args []string, err *pflag.NotExistError) error {
	group := err.GetSpecifiedShortnames()
	if group == "" {
		return fmt.Errorf("there is no option --%s%s", err.GetSpecifiedName(), suggestion(fs, err.GetSpecifiedName()))
	}
	option := "-" + err.GetSpecifiedName()
	for _, arg := range args {
		if word, ok := strings.CutPrefix(arg, "-"); ok && strings.HasSuffix(word, group) {
			if near := suggestion(fs, word); near != "" {
				return fmt.Errorf("there is no option %s in %s%s", option, arg, near)
			}
		}
	}
	if strings.Trim(group, "0123456789") == "" {
		return fmt.Errorf("there is no option %s; before an argument that begins with - write --", option)
	}
	return fmt.Errorf("there is no option %s", option)
}

// suggestion returns a question whether the long option nearest to a word was
// meant, if one is near.
func suggestion(fs *pflag.FlagSet, word string) string {
	word, _, _ = strings.Cut(strings.ToLower(strings.ReplaceAll(word, "_", "-")), "=")
	nearest, least := "", 3 // at so many edits a word is a different one
	fs.VisitAll(func(f *pflag.Flag) {
		d := distance(word, f.Name)
		if len(word) >= 3 && strings.HasPrefix(f.Name, word) {
			d = 1
		}
		if d < least && d < len(word) {
			nearest, least = f.Name, d
		}
	})
	if nearest == "" {
		return ""
	}
	return " (did you mean --" + nearest + "?)"
}

// distance is the number of letters to insert, delete or change to turn a into b
// (Levenshtein's).
func distance(a, b string) int {
	row := make([]int, len(b)+1) // from the part of a so far to b[:j]
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := corner
			if a[i] != b[j] {
				change++
			}
			corner = row[j+1]
			row[j+1] = min(change, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
