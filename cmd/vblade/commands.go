// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"
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
