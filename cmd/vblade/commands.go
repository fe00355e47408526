// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"vblade/internal/aoe"
	"vblade/internal/control"
	"vblade/internal/statefile"
)

// command is a subcommand.
type command struct {
	name      string // the first argument; empty for an export
	usage     string // what follows it
	about     string // what it does, in a line
	arguments string // description of the positional arguments, for help
	flags     func(*options) *pflag.FlagSet
	set       func(*options, []string) error // reads the positional arguments
	run       func(options, console) error
}

// exportArguments describe the positional arguments of an export.
const exportArguments = "" +
	"  shelf     0 to 65534, slot 0 to 254: the target's address, e<shelf>.<slot>\n" +
	"  netif     the network interface to serve on, or several, separated by commas\n" +
	"  filename  the regular file or block device to serve\n\n"

// confPaths is how the usage names arguments that are conf files.
const confPaths = "directory|file..."

// applyArguments describe the positional arguments of apply.
const applyArguments = "" +
	"  directory  all its conf files: what they do not describe ends\n" +
	"  file       conf files: all else that is served stays as it is\n\n"

// confArguments describe the positional arguments of conf.
const confArguments = "  directory  all its conf files, or the files given\n\n"

// exportCommand serves one export.
func exportCommand() command {
	return command{
		usage: usage, about: "Serve a file or block device as an ATA over Ethernet target.",
		arguments: exportArguments, flags: flags, set: (*options).setExport, run: serve,
	}
}

// commands returns the commands that have a name.
func commands() []command {
	return []command{
		{
			name: "serve", usage: "[--control path] [--replace] [--announce seconds] [--metrics address]",
			about: "Serve the exports that vblade add adds, all in one process.",
			flags: serveFlags, set: noArguments, run: serveMany,
		}, {
			name: "add", usage: "[--control path] [--conf file] [export options] shelf slot netif[,netif...] filename",
			about:     "Have the server serve a file or block device as well.",
			arguments: exportArguments, flags: addFlags, set: (*options).setExport, run: add,
		}, {
			name: "remove", usage: "[--control path] [--conf file] e<shelf>.<slot>",
			about: "Have the server end an export.",
			flags: removeFlags, set: (*options).setRemoved, run: remove,
		}, {
			name: "apply", usage: "[--control path] [--state directory] [--dry-run] " + confPaths,
			about:     "Have the server serve what conf files say.",
			arguments: applyArguments, flags: applyFlags, set: (*options).setPaths, run: apply,
		}, {
			name: "conf", usage: "[--own-process] " + confPaths,
			about:     "Check conf files, and list what they describe.",
			arguments: confArguments, flags: confFlags, set: (*options).setPaths, run: listConf,
		}, {
			name: "units", usage: "directory own-process.conf units",
			about:     "Make what systemd's units of a directory of conf files need.",
			arguments: unitsArguments, flags: unitsFlags, set: (*options).setUnits, run: makeUnits,
		}, {
			name: "status", usage: "[--control path] [--json] [e<shelf>.<slot>]",
			about: "Say how the exports are, or all of one and who uses it.",
			flags: statusFlags, set: (*options).setNameIfAny, run: showStatus,
		}, {
			name: "top", usage: "[--control path] [-d seconds] [-n count]",
			about: "Show the busiest exports, live; q ends it.",
			flags: topFlags, set: noArguments, run: showTop,
		}, {
			name: "announce", usage: "[--control path] [e<shelf>.<slot>]",
			about: "Have the server tell initiators of an export, or of all.",
			flags: controlFlags, set: (*options).setNameIfAny, run: announce,
		},
	}
}

// findCommand finds the command that the arguments begin with, and returns it
// with the other arguments. If they do not begin with a word, they are those of
// an export.
func findCommand(args []string) (command, []string, error) {
	if len(args) == 0 || args[0] == "" || strings.ContainsRune("-0123456789", rune(args[0][0])) {
		return exportCommand(), args, nil
	}
	var names []string
	for _, c := range commands() {
		if c.name == args[0] {
			return c, args[1:], nil
		}
		names = append(names, c.name)
	}
	return command{}, nil, misuse{fmt.Errorf("%q is neither a shelf, which is a number, nor a command, which are %s; see vblade --help",
		args[0], strings.Join(names, ", "))}
}

// title is the beginning of the command line.
func (c command) title() string { return strings.TrimSpace("vblade " + c.name) }

// do runs the command with the arguments after its name.
func (c command) do(args []string, con console) error {
	o, err := c.parse(args)
	switch {
	case err != nil:
		return err
	case o.help:
		fmt.Fprint(con.stdout, c.help())
		return nil
	case o.version:
		fmt.Fprintln(con.stdout, "vblade", version)
		return nil
	}
	return c.run(o, con)
}

// parse reads the arguments after the command's name, the positional ones only if
// neither help nor the version is asked for. Its errors are misuses.
func (c command) parse(args []string) (options, error) {
	var o options
	fs := c.flags(&o)
	if err := fs.Parse(args); err != nil {
		return o, misuse{fmt.Errorf("%w; see %s --help", optionError(fs, args, err), c.title())}
	}
	if o.help || o.version {
		return o, nil
	}
	err := c.set(&o, fs.Args())
	if errors.As(err, new(countError)) {
		err = fmt.Errorf("%w; usage: %s %s; see %s --help", err, c.title(), c.usage, c.title())
	}
	if err != nil {
		return o, misuse{err}
	}
	return o, nil
}

// help is what --help prints.
func (c command) help() string {
	text := "Usage: " + c.title() + " " + c.usage + "\n\n" + c.about + "\n\n" + c.arguments +
		"Options, before or after the arguments"
	if c.arguments == exportArguments {
		text += " (numbers of sectors in decimal, 0x hex or\n0 octal; a sector is 512 bytes)"
	}
	text += ":\n" + c.flags(new(options)).FlagUsages()
	if c.name != "" {
		return text
	}
	text += "\nCommands, for a server of many exports (see vblade serve --help):\n"
	for _, other := range commands() {
		text += fmt.Sprintf("  vblade %-8s %s\n", other.name, other.about)
	}
	return text
}

// controlFlags returns the flag set of a command that asks the server.
func controlFlags(o *options) *pflag.FlagSet {
	fs := newFlags()
	fs.StringVar(&o.control, "control", control.DefaultPath, "the server's control socket is at this `path`")
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
	fs.Uint64VarP(&o.count, "count", "n", 0, "end after showing `count` times")
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

// confFlags returns the flag set of conf.
func confFlags(o *options) *pflag.FlagSet {
	fs := newFlags()
	fs.BoolVar(&o.ownOnly, "own-process", false, "only the names of those whose export has a process of its own")
	helpFlag(fs, o)
	return fs
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

// setNameIfAny reads the name of an export, if there is one.
func (o *options) setNameIfAny(args []string) error {
	if err := checkCount(args, []string{exportName}, 0); err != nil || len(args) == 0 {
		return err
	}
	o.name = args[0]
	_, err := aoe.ParseAddress(o.name)
	return err
}
