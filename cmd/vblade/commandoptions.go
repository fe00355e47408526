// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"vblade/internal/aoe"
	"vblade/internal/control"
	"vblade/internal/statefile"
)

// controlFlags returns the flag set of a command that asks the server.
func controlFlags(o *options) *pflag.FlagSet {
	fs := newFlags()
	o.control = control.DefaultPath
	fs.Var((*socketPath)(&o.control), "control", "the server's control socket is at this `path`")
	helpFlag(fs, o)
	return fs
}

// serveFlags returns the flag set of serve.
func serveFlags(o *options) *pflag.FlagSet {
	fs := controlFlags(o)
	fs.BoolVar(&o.replace, "replace", false, "take over all exports from the server that is there, which ends")
	announceFlag(fs, o)
	metricsFlag(fs, o)
	return fs
}

// addFlags returns the flag set of add.
func addFlags(o *options) *pflag.FlagSet {
	fs := controlFlags(o)
	exportFlags(fs, o)
	stateFlag(fs, o, statefile.DefaultDir)
	confFlag(fs, o, "serve what this conf `file` says, instead of arguments; what it said before ends")
	return fs
}

// removeFlags returns the flag set of remove.
func removeFlags(o *options) *pflag.FlagSet {
	fs := controlFlags(o)
	confFlag(fs, o, "end what was added by this conf `file`, whatever it says now")
	return fs
}

// applyFlags returns the flag set of apply.
func applyFlags(o *options) *pflag.FlagSet {
	fs := controlFlags(o)
	stateFlag(fs, o, statefile.DefaultDir)
	fs.BoolVar(&o.dryRun, "dry-run", false, "only say what would be done")
	return fs
}

// confFlags returns the flag set of conf.
func confFlags(o *options) *pflag.FlagSet {
	fs := newFlags()
	fs.BoolVar(&o.ownOnly, "own-process", false, "only the names of those whose export has a process of its own")
	helpFlag(fs, o)
	return fs
}

// statusFlags returns the flag set of status.
func statusFlags(o *options) *pflag.FlagSet {
	fs := controlFlags(o)
	fs.BoolVar(&o.json, "json", false, "print what the server says, in JSON")
	return fs
}

// topFlags returns the flag set of top.
func topFlags(o *options) *pflag.FlagSet {
	fs := controlFlags(o)
	o.delay = interval(2 * time.Second)
	fs.VarP(&o.delay, "delay", "d", "ask the server every so many `seconds`")
	fs.VarP((*repetitions)(&o.count), "count", "n", "end after showing `count` times")
	return fs
}

// exportName is how the usage names the argument that is an export's name.
const exportName = "e<shelf>.<slot>"

// noArguments takes no positional arguments.
func noArguments(_ *options, args []string) error {
	return checkCount(args, nil, 0)
}

// setName reads the name of an export as the only positional argument.
func (o *options) setName(args []string) error {
	if err := checkCount(args, []string{exportName}, 1); err != nil {
		return err
	}
	return o.setNameIfAny(args)
}

// setNameIfAny reads the name of an export, if there is one.
func (o *options) setNameIfAny(args []string) error {
	if err := checkCount(args, []string{exportName}, 0); err != nil || len(args) == 0 {
		return err
	}
	o.name = args[0]
	_, err := aoe.ParseAddress(o.name)
	return err
}

// setRemoved reads the name of an export, unless a conf file says which it is.
func (o *options) setRemoved(args []string) (err error) {
	if o.conf == "" {
		return o.setName(args)
	}
	if err := checkCount(args, nil, 0); err != nil {
		return err
	}
	o.conf, err = filepath.Abs(o.conf)
	return err
}

// setPaths reads the paths of a directory or of files.
func (o *options) setPaths(args []string) error {
	if len(args) == 0 {
		return countError("directory or file is missing")
	}
	for _, arg := range args {
		path, err := filepath.Abs(arg)
		if err != nil {
			return fmt.Errorf("find the path of %s: %w", arg, err)
		}
		o.paths = append(o.paths, path)
	}
	return nil
}
