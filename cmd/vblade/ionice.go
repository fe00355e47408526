// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// ioPriority is the class and priority of a process's reads and writes, as ionice(1)
// sets them.
type ioPriority struct{ class, level int }

// ioClasses are the classes by their names, in the order of their numbers.
var ioClasses = []string{"none", "realtime", "best-effort", "idle"}

// The classes that have levels, and the level that ionice gives if none is named.
const (
	ioRealtime   = 1
	ioBestEffort = 2
	ioLevel      = 4
)

// parseIONice reads options of ionice(1), as far as they are about a process that is
// to be started.
func parseIONice(s string) (ioPriority, error) {
	fs := newFlags()
	class := fs.StringP("class", "c", "best-effort", "")
	level := fs.IntP("classdata", "n", ioLevel, "")
	fs.BoolP("ignore", "t", false, "")
	if err := fs.Parse(strings.Fields(s)); err != nil {
		return ioPriority{}, optionError(fs, strings.Fields(s), err)
	}
	p := ioPriority{class: slices.Index(ioClasses, strings.ToLower(*class)), level: *level}
	if n, err := strconv.Atoi(*class); err == nil && n >= 0 && n < len(ioClasses) {
		p.class = n
	}
	switch {
	case len(fs.Args()) > 0:
		return p, fmt.Errorf("%q is no option of ionice", fs.Args()[0])
	case !given(fs):
		return p, errors.New("give a class, such as -c best-effort, or a level, such as -n 7")
	case p.class < 0:
		return p, fmt.Errorf("%q is no class; give 0 to 3, or %s", *class, strings.Join(ioClasses, ", "))
	case p.level < 0 || p.level > 7:
		return p, fmt.Errorf("level %d is out of range; give 0 to 7", p.level)
	}
	if p.class != ioRealtime && p.class != ioBestEffort {
		p.level = 0
	}
	return p, nil
}

// given reports whether one of the flags was.
func given(fs *pflag.FlagSet) bool { return fs.Changed("class") || fs.Changed("classdata") }
