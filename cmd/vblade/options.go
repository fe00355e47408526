// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"vblade/internal/aoe"
	"vblade/internal/ata"
)

// usage is the command line of an export.
const usage = "[--conf file] [-b buffers] [-o offset] [-l length] [-d] [-s] [-r] [-m mac[,mac...]] [--hwaddr auto|mac[,mac...]] [--serial text] [--state directory] [--announce seconds] [--metrics address] [--force] [--fail-stop] [--exclusive] shelf slot netif[,netif...] filename"

// Bounds of shelf and slot: the values above them mean every one (difference 10).
const (
	maxShelf = aoe.EveryShelf - 1
	maxSlot  = aoe.EverySlot - 1
)

// defaultBuffers is the number of buffers that is advertised without -b.
const defaultBuffers = 16

// options is the command line, checked.
type options struct {
	shelf     uint16
	slot      uint8
	links     []string // names of network interfaces
	filename  string
	file      ata.Options
	buffers   uint16
	masks     []aoe.MAC
	hwaddr    hwaddr
	serial    string        // in IDENTIFY; empty for one made of the address and the host's name
	state     string        // the directory where state is kept, or noState; empty where that is not said
	failStop  bool          // the export ends once its disk is gone or broken
	exclusive bool          // the export does not share its address
	announce  time.Duration // between advertisements; 0 for none but at the start
	metrics   string        // the address; none without --metrics
	help      bool
	version   bool

	conf       string      // the conf file that says all of the export; none if the command line does
	ownProcess bool        // that asks for a process of the export's own
	priority   *ioPriority // which that gives the process; nil for the usual one

	control string // the control socket's path
	replace bool   // take over from the running server
	json    bool
	delay   interval // of top
	count   uint64   // how often top shows; 0 for no end
	name    string   // of an export, such as e9.0; empty for all
	paths   []string
	dryRun  bool
	ownOnly bool // of conf files, those whose export has a process of its own
}

// newFlags returns an empty flag set.
func newFlags() *pflag.FlagSet {
	fs := pflag.NewFlagSet("vblade", pflag.ContinueOnError)
	fs.SortFlags = false
	fs.Usage = func() {}
	return fs
}

// flags returns the flag set of an export, which writes into o.
func flags(o *options) *pflag.FlagSet {
	fs := newFlags()
	exportFlags(fs, o)
	stateFlag(fs, o, noState)
	metricsFlag(fs, o)
	confFlag(fs, o, "serve what this conf `file` says, instead of arguments")
	fs.BoolVar(&o.version, "version", false, "print the version and exit")
	helpFlag(fs, o)
	return fs
}

// metricsFlag adds the option for metrics.
func metricsFlag(fs *pflag.FlagSet, o *options) {
	fs.Var((*metricsAddress)(&o.metrics), "metrics", "serve counters for Prometheus at this `address`: unix:PATH or HOST:PORT")
}

// confFlag adds the option for a conf file.
func confFlag(fs *pflag.FlagSet, o *options, about string) {
	fs.Var((*filePath)(&o.conf), "conf", about)
}

// helpFlag adds the option for help.
func helpFlag(fs *pflag.FlagSet, o *options) {
	fs.BoolVarP(&o.help, "help", "h", false, "print this and exit")
}

// exportFlags adds the options that say how a file is exported.
func exportFlags(fs *pflag.FlagSet, o *options) {
	o.buffers = defaultBuffers
	fs.VarP((*bufferCount)(&o.buffers), "buffers", "b", "`buffers` advertised: requests that one initiator keeps outstanding")
	fs.VarP(&sectors{n: &o.file.Offset}, "offset", "o", "`sectors` left out at the start of the file")
	fs.VarP(&sectors{n: &o.file.Length, least: 1}, "length", "l", "`sectors` exported (default: all that follow)")
	fs.BoolVarP(&o.file.Direct, "direct", "d", false, "direct I/O, past the page cache (O_DIRECT)")
	fs.BoolVarP(&o.file.Sync, "sync", "s", false, "answer a write only when it is on the disk")
	fs.BoolVarP(&o.file.ReadOnly, "read-only", "r", false, "read-only export")
	fs.VarP((*maskList)(&o.masks), "mac", "m", "serve only these `MACs`, separated by commas")
	fs.Var(&o.hwaddr, "hwaddr", "serve from this `MAC`, on every netif, or from several, one for each; auto: made from shelf and slot")
	fs.Var((*serialNumber)(&o.serial), "serial", "serial number in IDENTIFY: this `text`, up to 20 characters (default: shelf.slot:hostname)")
	fs.BoolVar(&o.file.Force, "force", false, "serve a device for writing although this host uses it")
	fs.BoolVar(&o.failStop, "fail-stop", false, "answer nothing more and end once the disk is gone or broken")
	fs.BoolVar(&o.exclusive, "exclusive", false, "do not serve what another target on the LAN serves already")
	announceFlag(fs, o)
}

// announceFlag adds the option for repeated advertisements.
func announceFlag(fs *pflag.FlagSet, o *options) {
	fs.Var((*seconds)(&o.announce), "announce", "advertise again every so many `seconds`, 1 to 86400")
}

// stateFlag adds the option for state. What happens without it is named by otherwise.
func stateFlag(fs *pflag.FlagSet, o *options, otherwise string) {
	fs.Var((*stateDirectory)(&o.state), "state", "keep config string, masks and reservation in this `directory`, or none (default: "+otherwise+")")
}

// parse reads the command line of an export.
func parse(args []string) (options, error) { return exportCommand().parse(args) }

// setExport reads the positional arguments of an export.
func (o *options) setExport(args []string) error {
	if o.conf != "" {
		return o.setConf(args)
	}
	if err := checkCount(args, argumentNames[:], len(argumentNames)); err != nil {
		return err
	}
	shelf, err := number("shelf", args[0], uint64(maxShelf))
	if err != nil {
		return err
	}
	slot, err := number("slot", args[1], uint64(maxSlot))
	if err != nil {
		return err
	}
	o.shelf, o.slot = uint16(shelf), uint8(slot)
	if o.links, err = splitLinks(args[2]); err != nil {
		return err
	}
	if err = o.hwaddr.checkCount(len(o.links)); err != nil {
		return err
	}
	if o.filename = args[3]; o.filename == "" {
		return errors.New("filename is empty; name a regular file or a block device")
	}
	return nil
}

// number reads a decimal argument up to most.
func number(what, s string, most uint64) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if errors.Is(err, strconv.ErrSyntax) {
		return 0, fmt.Errorf("%s %q is not a number; give 0 to %d", what, s, most)
	}
	if err != nil || n > most {
		return 0, fmt.Errorf("%s %s is out of range; give 0 to %d", what, s, most)
	}
	return n, nil
}
