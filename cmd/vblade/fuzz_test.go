// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"vblade/internal/aoe"
)

// FuzzParseArgs parses any command line: what is accepted is in range, and the
// same when it is written out in full.
func FuzzParseArgs(f *testing.F) {
	for _, c := range accepted {
		f.Add(strings.Join(words(c.line), "\n"))
	}
	for _, c := range refused {
		f.Add(strings.Join(words(c.line), "\n"))
	}
	f.Add("--help")
	f.Add("-m\n" + manyMACs(128) + "\n9\n0\neth0\ndisk")
	f.Fuzz(func(t *testing.T, line string) {
		args := strings.Split(line, "\n")
		o, err := parse(args)
		if err != nil || o.help || o.version {
			return
		}
		checkRanges(t, o)
		again, err := parse(inFull(o))
		if err != nil || !reflect.DeepEqual(again, o) {
			t.Errorf("%q means %+v; in full, %q, that is %+v, %v", args, o, inFull(o), again, err)
		}
		for _, a := range args {
			if strings.HasPrefix(a, "--mac=") && len(o.masks) == 0 {
				t.Errorf("%q gives masks and leaves the export open to all", args)
			}
		}
	})
}

// checkRanges checks what holds for every accepted command line.
func checkRanges(t *testing.T, o options) {
	t.Helper()
	if o.shelf > 65534 || o.slot > 254 || o.buffers == 0 {
		t.Errorf("shelf %d, slot %d, %d buffers", o.shelf, o.slot, o.buffers)
	}
	if o.file.Offset < 0 || o.file.Offset > 1<<48 || o.file.Length < 0 || o.file.Length > 1<<48 {
		t.Errorf("offset %d, length %d", o.file.Offset, o.file.Length)
	}
	seen := map[aoe.MAC]bool{}
	for _, m := range o.masks {
		seen[m] = true
	}
	if len(o.masks) > 128 || len(seen) != len(o.masks) {
		t.Errorf("%d masks, %d of them different", len(o.masks), len(seen))
	}
	if n := len(o.hwaddr.list); n > 0 && (o.hwaddr.auto || n > 1 && n != len(o.links) || len(o.hwaddr.addresses(o.shelf, o.slot, len(o.links))) != len(o.links)) {
		t.Errorf("hwaddr %v for %d links", &o.hwaddr, len(o.links))
	}
}

// inFull returns the command line that says all of o.
func inFull(o options) []string {
	args := []string{fmt.Sprintf("--buffers=%d", o.buffers), fmt.Sprintf("--offset=0x%x", o.file.Offset)}
	if o.file.Length > 0 {
		args = append(args, fmt.Sprintf("--length=0%o", o.file.Length))
	}
	args = append(args, fmt.Sprintf("--direct=%v", o.file.Direct), fmt.Sprintf("--sync=%v", o.file.Sync),
		fmt.Sprintf("--read-only=%v", o.file.ReadOnly), fmt.Sprintf("--force=%v", o.file.Force),
		fmt.Sprintf("--fail-stop=%v", o.failStop), fmt.Sprintf("--exclusive=%v", o.exclusive))
	for _, m := range o.masks {
		args = append(args, fmt.Sprintf("-m%X", m[:]))
	}
	if o.hwaddr.given() {
		args = append(args, "--hwaddr", o.hwaddr.String())
	}
	if o.serial != "" {
		args = append(args, "--serial="+o.serial)
	}
	if o.state != "" {
		args = append(args, "--state="+o.state)
	}
	if o.metrics != "" {
		args = append(args, "--metrics", o.metrics)
	}
	if o.announce > 0 {
		args = append(args, fmt.Sprintf("--announce=%d", o.announce/time.Second))
	}
	return append(args, "--", strconv.Itoa(int(o.shelf)), strconv.Itoa(int(o.slot)), strings.Join(o.links, ","), o.filename)
}

// FuzzParseMAC reads any text as a MAC, against a definition of its own: twelve
// hexadecimal digits, or six pairs of them with colons between.
func FuzzParseMAC(f *testing.F) {
	isMAC := regexp.MustCompile(`^([0-9a-fA-F]{12}|[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5})$`)
	for _, s := range []string{
		"001122334455", "00:11:22:33:44:55", "aAbBcCdDeEfF", "ff:FF:ff:FF:ff:FF", "", ":", "00112233445", "0011223344556",
		"00:11:22:33:44:5", "00:11:22:33:44:555", "0:01:12:23:34:455", "00-11-22-33-44-55", ":::::::::::::::::", "00:11:22:33:44:55\n",
		"0011:22:33:44:5566", "00:11:22:33:44::5", "٠٠١١٢٢٣٣٤٤٥٥",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, ok := parseMAC(s)
		if ok != isMAC.MatchString(s) {
			t.Fatalf("%q is a MAC: %v", s, ok)
		}
		if !ok {
			return
		}
		want, err := strconv.ParseUint(strings.ReplaceAll(s, ":", ""), 16, 64)
		got := uint64(0)
		for _, b := range m {
			got = got<<8 | uint64(b)
		}
		if err != nil || got != want {
			t.Errorf("%q is read as %x, %v", s, m, err)
		}
	})
}
