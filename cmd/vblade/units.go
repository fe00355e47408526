// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"vblade/internal/conf"
	"vblade/internal/systemd"
)

// unitsArguments describe the positional arguments of units.
const unitsArguments = "" +
	"  directory         of the conf files\n" +
	"  own-process.conf  what the unit of an export with a process of its own has more\n" +
	"  units             where systemd wants the units\n\n"

// unitsFlags returns the flag set of units.
func unitsFlags(o *options) *pflag.FlagSet {
	fs := newFlags()
	helpFlag(fs, o)
	return fs
}

// setUnits reads the positional arguments of units.
func (o *options) setUnits(args []string) error {
	o.paths = args
	return checkCount(args, []string{"directory", "own-process.conf", "units"}, 3)
}

// makeUnits makes, in the directory that systemd gives its generators, the
// settings that the unit vblade@NAME of each conf file NAME.conf needs in
// addition to the template, and the list of units for vblade-exports. A wrong
// conf file gets its unit too, which reads the file again when it is started, and
// reports what is wrong.
func makeUnits(o options, _ console) error {
	files, err := conf.List(o.paths[0])
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(files) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	list := "[Unit]\n"
	for _, path := range files {
		name := "vblade@" + systemd.Escape(conf.Name(path)) + ".service"
		list += "Before=" + name + "\n"
		if err := makeUnit(path, o.paths[1], filepath.Join(o.paths[2], name+".d")); err != nil {
			return err
		}
	}
	return writeDropIn(filepath.Join(o.paths[2], "vblade-exports.service.d"), "exports.conf", list)
}

// makeUnit makes the settings of the unit of a conf file.
func makeUnit(path, ownProcess, dir string) error {
	o, err := readConf(path)
	if err != nil {
		return nil
	}
	if err := writeDropIn(dir, "needs.conf", afterLinks(o.links)+rights(o)); err != nil || !o.ownProcess {
		return err
	}
	return os.Symlink(ownProcess, filepath.Join(dir, "own-process.conf"))
}

// writeDropIn writes a file in a directory that it makes.
func writeDropIn(dir, name, text string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644)
}

// afterLinks orders a unit after the devices of its interfaces. lo has none, and
// in a container, without udev, no interface has one. vblade itself follows
// interfaces that disappear and return.
func afterLinks(links []string) string {
	text := "[Unit]\n"
	if exec.Command("systemd-detect-virt", "--quiet", "--container").Run() == nil {
		return text
	}
	for _, link := range links {
		if link != "lo" {
			device := systemd.EscapePath("/sys/subsystem/net/devices/"+link) + ".device"
			text += fmt.Sprintf("Wants=%s\nAfter=%s\n", device, device)
		}
	}
	return text
}

// rights returns the settings that a unit needs for the place of its file and, if
// the export has a process of its own, for its priority and for metrics by TCP.
func rights(o options) string {
	text := "[Service]\n"
	place := resolve(o.filename)
	switch {
	case strings.HasPrefix(place, "/dev/"):
	case strings.HasPrefix(place, "/tmp/"), strings.HasPrefix(place, "/var/tmp/"):
		text += "PrivateTmp=no\n"
	default:
		top, _, _ := strings.Cut(place[1:], "/")
		text += `ReadWritePaths="-/` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "%", "%%").Replace(top) + "\"\n"
	}
	if o.priority != nil {
		text += "SystemCallFilter=ioprio_set\nCapabilityBoundingSet=CAP_SYS_NICE\n"
	}
	if o.metrics != "" && !strings.HasPrefix(o.metrics, "unix:") {
		text += "RestrictAddressFamilies=AF_INET AF_INET6\nIPAddressAllow=any\n"
	}
	return text
}

// resolve follows the symbolic links in a path, whose last elements need not
// exist.
func resolve(path string) string {
	path = filepath.Join("/", path)
	if real, err := filepath.EvalSymlinks(path); err == nil || path == "/" {
		return real
	}
	return filepath.Join(resolve(filepath.Dir(path)), filepath.Base(path))
}
