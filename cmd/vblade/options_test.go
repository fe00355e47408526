// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
)

// accepted are command lines and what they mean; "T" stands for the target
// "9 0 eth0 disk".
var accepted = []struct {
	line string
	want func(*options)
}{
	{"T", func(*options) {}},
	{"0 0 eth0 disk", func(o *options) { o.shelf = 0 }},
	{"65534 254 eth0 disk", func(o *options) { o.shelf, o.slot = 65534, 254 }},
	{"0010 007 eth0 disk", func(o *options) { o.shelf, o.slot = 10, 7 }}, // no octal, as atoi

	{"-b 1 T", func(o *options) { o.buffers = 1 }},
	{"-b 65535 T", func(o *options) { o.buffers = 65535 }},
	{"-b64 T", func(o *options) { o.buffers = 64 }},
	{"-b 5 -b 6 T", func(o *options) { o.buffers = 6 }},
	{"--buffers 7 T", func(o *options) { o.buffers = 7 }},
	{"--buffers=7 T", func(o *options) { o.buffers = 7 }},

	{"-o 0 T", func(*options) {}},
	{"-o 8 T", func(o *options) { o.file.Offset = 8 }},
	{"-o 010 T", func(o *options) { o.file.Offset = 8 }},
	{"-o 0x10 T", func(o *options) { o.file.Offset = 16 }},
	{"-o 0XfF T", func(o *options) { o.file.Offset = 255 }},
	{"-o281474976710656 T", func(o *options) { o.file.Offset = 1 << 48 }},
	{"--offset 9 T", func(o *options) { o.file.Offset = 9 }},
	{"-l 1 T", func(o *options) { o.file.Length = 1 }},
	{"-l0x10 T", func(o *options) { o.file.Length = 16 }},
	{"-l 0777 T", func(o *options) { o.file.Length = 511 }},
	{"-l 281474976710656 T", func(o *options) { o.file.Length = 1 << 48 }},
	{"--length 9 T", func(o *options) { o.file.Length = 9 }},

	{"-d T", func(o *options) { o.file.Direct = true }},
	{"--direct T", func(o *options) { o.file.Direct = true }},
	{"-s T", func(o *options) { o.file.Sync = true }},
	{"--sync T", func(o *options) { o.file.Sync = true }},
	{"-r T", func(o *options) { o.file.ReadOnly = true }},
	{"--read-only T", func(o *options) { o.file.ReadOnly = true }},

	{"--force T", func(o *options) { o.file.Force = true }},
	{"--fail-stop T", func(o *options) { o.failStop = true }},
	{"--exclusive T", func(o *options) { o.exclusive = true }},

	{"--serial disk-7 T", func(o *options) { o.serial = "disk-7" }},
	{"--state /srv/state T", func(o *options) { o.state = "/srv/state" }},
	{"--state none T", func(o *options) { o.state = "none" }},
	{"--hwaddr auto T", func(o *options) { o.hwaddr.auto = true }},
	{"--hwaddr auto 9 0 eth0,eth1 disk", func(o *options) { o.hwaddr.auto, o.links = true, []string{"eth0", "eth1"} }},
	{"--hwaddr=a2:00:00:00:00:01 T", func(o *options) { o.hwaddr.list = []aoe.MAC{{0xa2, 5: 1}} }},
	{"--hwaddr 020000000001,020000000002 9 0 eth0,eth1 disk", func(o *options) {
		o.hwaddr.list, o.links = []aoe.MAC{{2, 5: 1}, {2, 5: 2}}, []string{"eth0", "eth1"}
	}},
	{"--hwaddr 020000000001 9 0 eth0,eth1 disk", func(o *options) {
		o.hwaddr.list, o.links = []aoe.MAC{{2, 5: 1}}, []string{"eth0", "eth1"}
	}},
	{"--hwaddr 020000000001 T --hwaddr auto", func(o *options) { o.hwaddr.auto = true }},

	{"-rs T", func(o *options) { o.file.ReadOnly, o.file.Sync = true, true }},
	{"-dsr T", func(o *options) { o.file = ata.Options{Direct: true, Sync: true, ReadOnly: true} }},
	{"-rsb64 T", func(o *options) { o.file.ReadOnly, o.file.Sync, o.buffers = true, true, 64 }},
	{"-rb 64 T", func(o *options) { o.file.ReadOnly, o.buffers = true, 64 }},
	{"T -r", func(o *options) { o.file.ReadOnly = true }},
	{"T -b 64 -o 3 -l 4", func(o *options) { o.buffers, o.file.Offset, o.file.Length = 64, 3, 4 }},
	{"9 -r 0 -b64 eth0 -s disk", func(o *options) { o.file.ReadOnly, o.buffers, o.file.Sync = true, 64, true }},
	{"-r -- 9 0 eth0 -disk", func(o *options) { o.file.ReadOnly, o.filename = true, "-disk" }},

	{"9 0 eth0,eth1 disk", func(o *options) { o.links = []string{"eth0", "eth1"} }},
	{"9 0 eth0.5,br0,lo disk", func(o *options) { o.links = []string{"eth0.5", "br0", "lo"} }},

	{"--announce 1 T", func(o *options) { o.announce = time.Second }},
	{"--announce=86400 T", func(o *options) { o.announce = 24 * time.Hour }},
	{"--metrics unix:/run/x T", func(o *options) { o.metrics = "unix:/run/x" }},
	{"--metrics=localhost:9100 T", func(o *options) { o.metrics = "localhost:9100" }},
	{"T --metrics [::1]:9100", func(o *options) { o.metrics = "[::1]:9100" }},

	{"-m 001122334455 T", func(o *options) { o.masks = []aoe.MAC{{0, 0x11, 0x22, 0x33, 0x44, 0x55}} }},
	{"-m aA:bB:cC:dD:eE:fF T", func(o *options) { o.masks = []aoe.MAC{{0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}} }},
	{"-mAABBCCDDEEFF T", func(o *options) { o.masks = []aoe.MAC{{0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}} }},
	{"--mac aabbccddeeff T", func(o *options) { o.masks = []aoe.MAC{{0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}} }},
	{"-m 000000000001,00:00:00:00:00:02 T", func(o *options) { o.masks = []aoe.MAC{{5: 1}, {5: 2}} }},
	{"T -m 000000000001 -m 000000000002", func(o *options) { o.masks = []aoe.MAC{{5: 1}, {5: 2}} }},
	{"-m 000000000001,00:00:00:00:00:01 T", func(o *options) { o.masks = []aoe.MAC{{5: 1}} }},
}

// words splits a line of the tables into arguments.
func words(line string) []string {
	var args []string
	for _, word := range strings.Fields(line) {
		if word == "T" {
			args = append(args, "9", "0", "eth0", "disk")
		} else {
			args = append(args, word)
		}
	}
	return args
}

// TestAccepted parses what is right.
func TestAccepted(t *testing.T) {
	for _, c := range accepted {
		want := options{shelf: 9, links: []string{"eth0"}, filename: "disk", buffers: 16}
		c.want(&want)
		got, err := parse(words(c.line))
		if err != nil {
			t.Errorf("vblade %s: %v", c.line, err)
		} else if !reflect.DeepEqual(got, want) {
			t.Errorf("vblade %s:\n%+v\nwant\n%+v", c.line, got, want)
		}
	}
}

// manyMACs is the value of -m with n different MACs.
func manyMACs(n int) string {
	macs := make([]string, n)
	for i := range macs {
		macs[i] = fmt.Sprintf("02:00:00:00:%02x:%02x", i>>8, i&0xff)
	}
	return strings.Join(macs, ",")
}

// TestManyMasks gives as many masks as there may be, and one more (difference 6).
func TestManyMasks(t *testing.T) {
	target := words("T")
	for _, c := range []struct {
		args []string
		want int // masks; 0 for a refusal
	}{
		{[]string{"-m", manyMACs(128)}, 128},
		{[]string{"-m", manyMACs(100), "-m", manyMACs(128)}, 128},
		{[]string{"-m", manyMACs(128) + ",020000000000"}, 128},
		{[]string{"-m", manyMACs(129)}, 0},
		{[]string{"-m", manyMACs(128), "-m", "ffeeddccbbaa"}, 0},
	} {
		o, err := parse(append(c.args, target...))
		switch {
		case c.want > 0 && err != nil:
			t.Errorf("want %d masks: %v", c.want, err)
		case c.want > 0 && len(o.masks) != c.want:
			t.Errorf("%d masks; want %d", len(o.masks), c.want)
		case c.want == 0 && (err == nil || !strings.Contains(err.Error(), "129 different MACs; give at most 128")):
			t.Errorf("129 masks: %v", err)
		}
	}
}
