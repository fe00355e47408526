// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"

	"vblade/internal/conf"
)

// setConf reads the conf file that o names, which describes all of the export.
// Besides it, only the control socket may be given, and a state directory for a
// file that names none.
func (o *options) setConf(args []string) error {
	var bare options
	addFlags(&bare)
	bare.conf, bare.control, bare.state = o.conf, o.control, o.state
	if len(args) > 0 || !reflect.DeepEqual(*o, bare) {
		return errors.New("--conf: the file says all of the export; leave out other options of it, and arguments")
	}
	path, err := filepath.Abs(o.conf)
	if err != nil {
		return fmt.Errorf("find the path of %s: %w", o.conf, err)
	}
	read, err := readConf(path)
	read.goesTo(*o)
	*o = read
	return err
}

// goesTo gives the export of a conf file the control socket and the state
// directory of a command line.
func (o *options) goesTo(line options) {
	o.control = line.control
	if o.state == "" {
		o.state = line.state
	}
}

// readConf reads a conf file, and what it says as a command line of an export.
func readConf(path string) (options, error) {
	f, err := conf.Read(path)
	if err != nil {
		return options{}, err
	}
	if err := checkOptions(f.OptionWords()); err != nil {
		return options{}, fmt.Errorf("%s: options: %w", path, err)
	}
	o, err := parse(f.Arguments())
	switch {
	case err != nil:
		return options{}, fmt.Errorf("%s: %w", path, err)
	case o.help || o.version:
		return options{}, fmt.Errorf("%s: options: only those of an export may stand there", path)
	}
	o.conf = path
	if err := o.setProcess(f); err != nil {
		return options{}, fmt.Errorf("%s: %w", path, err)
	}
	return o, nil
}

// checkOptions returns an error for words that are not options of an export alone:
// arguments, or an option that lacks its value and would take the argument after it.
func checkOptions(words []string) error {
	fs := flags(new(options))
	if err := fs.Parse(words); err != nil {
		return misuse{fmt.Errorf("%w; see vblade --help", optionError(fs, words, err))}
	}
	switch {
	case fs.ArgsLenAtDash() >= 0:
		return misuse{errors.New(`leave out "--": only options may stand there`)}
	case fs.NArg() > 0:
		return misuse{fmt.Errorf("%q is no option, nor the value of one", fs.Arg(0))}
	}
	return nil
}

// setProcess finds out whether the export has a process of its own: if the conf
// file says so, or asks for something that only a whole process has.
func (o *options) setProcess(f *conf.File) error {
	of := ""
	if o.metrics != "" {
		of = "--metrics"
	}
	if f.IOnice != "" {
		of = "ionice"
		priority, err := parseIONice(f.IOnice)
		if err != nil {
			return fmt.Errorf("ionice: %w", err)
		}
		o.priority = &priority
	}
	if of != "" && f.OwnProcess == "no" {
		return fmt.Errorf("%s is a matter of a whole process, and own_process=no; leave one of them out", of)
	}
	o.ownProcess = f.OwnProcess == "yes" || of != ""
	return nil
}

// checkShared returns an error for an export with a process of its own, which a
// server must not serve.
func (o options) checkShared() error {
	if !o.ownProcess {
		return nil
	}
	return misuse{fmt.Errorf("%s: it has a process of its own (own_process, ionice or --metrics); serve it by vblade --conf, under systemd after: systemctl daemon-reload", o.conf)}
}
