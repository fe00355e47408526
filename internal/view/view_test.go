// SPDX-License-Identifier: GPL-2.0-only

package view

import (
	"math"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"vblade/internal/control"
)

// answer is a server's reply with exports in all states, busy and idle.
func answer() *control.Answer {
	figures := func(reads, writes, bytes, p50, p99 float64, inFlight int64) *control.Figures {
		return &control.Figures{InFlight: inFlight, Initiators: 2, Recent: control.Recent{
			Reads: reads, Writes: writes, ReadBytes: bytes, P50: p50, P99: p99}}
	}
	return &control.Answer{
		PID: 16967,
		Exports: []control.Info{
			{Name: "e9.0", Links: []string{"eth0", "eth1"}, Down: []string{"eth1"}, Filename: "/dev/vg0/mail", Sectors: 8388608, State: control.Up,
				Figures: figures(1234.5, 12, 65.4e6, 0.000037, 0.0012, 5)},
			{Name: "e9.1", Links: []string{"eth0"}, Filename: "/srv/images/customers/north/debian-12-root.img", Sectors: 4194304, ReadOnly: true, State: control.Up,
				Figures: &control.Figures{}},
			{Name: "e9.2", Links: []string{"eth1"}, Filename: "/dev/vg0/web", Sectors: 16384, State: control.NoLink, Figures: figures(0, 0, 0, 0, 0, 0)},
			{Name: "e9.3", Links: []string{"eth0"}, Filename: "/dev/vg0/db", Sectors: 1 << 40, State: control.DiskHangs, Figures: figures(0, 150000, 1.2e9, 0.5, 12.3, 64)},
			{Name: "e9.4", Links: []string{"eth0"}, Filename: "/dev/vg0/old", Sectors: 1, State: control.NotServed, Trouble: "interface eth7: no such network interface"},
			{Name: "e65534.254", Links: []string{"eth0", "eth1", "enp4s0f1np1", "enp5s0f0np0"}, Filename: "/dev/disk/by-id/wwn-0x5000c500a1b2c3d4-part1", Sectors: 1 << 48, ReadOnly: true,
				State: control.FlushFailed, Figures: figures(999999, 99999, 9.9e12, 0.000999, 0.999, 9999)},
		},
		Links: []control.Link{
			{Name: "eth0", Receive: "ring", Send: "bypass"},
			{Name: "eth1", Down: "no carrier", Receive: "ring", Send: "socket", WhySend: "AF_XDP: not on an interface of this kind, and not with this driver either, as it seems"},
		},
	}
}

// oneAnswer is a server's reply about one export.
func oneAnswer() *control.Answer {
	a := answer()
	e := a.Exports[0]
	e.Conf, e.Sync = "/etc/vblade.conf.d/mail.conf", true
	f := *e.Figures
	f.Reads, f.ReadBytes, f.Writes, f.WriteBytes, f.Flushes = 12034, 12322816, 88, 90112, 3
	f.Errors, f.Repeated, f.Masked, f.Shed, f.Oldest = map[string]uint64{"not found": 7, "bad argument": 2}, 4, 5, 6, 12.3
	e.Figures = &f
	e.Users = &control.Users{
		Config: "mail\x1b[2J", Masks: []string{"020000000001", "020000000002"}, Reservation: []string{"020000000001"},
		Initiators: []control.Initiator{
			{MAC: "020000000001", Link: "eth0", Idle: 0.2, Requests: 12000, Repeated: 4, Reserved: true},
			{MAC: "020000000003", Link: "eth1", Idle: 90000, Requests: 122, Masked: true},
		},
	}
	a.Exports = []control.Info{e}
	return a
}

// golden compares a text with the file of a name.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("it shows\n%s\n%s has\n%s", got, path, want)
	}
	for _, line := range strings.Split(got, "\n") {
		if strings.HasPrefix(line, "  ") {
			continue // text, not a table
		}
		if n := utf8.RuneCountInString(line); n > Width {
			t.Errorf("a line of %d columns: %s", n, line)
		}
	}
}

// TestList compares the list of all exports with what people have seen so far.
func TestList(t *testing.T) {
	golden(t, "list.txt", List(answer(), Width))
	golden(t, "empty.txt", List(&control.Answer{}, Width))
}

// TestOne compares all that is shown of one export, with names.
func TestOne(t *testing.T) {
	names := readEthers(strings.NewReader("# hosts\n02:00:00:00:00:01 mailhost # the old one\n2:0:0:0:0:3\tweb\nrubbish\n\n02:00 x\n"))
	golden(t, "one.txt", One(oneAnswer(), names))
	a := oneAnswer()
	a.Exports[0].Figures, a.Exports[0].Users, a.Links = nil, nil, nil
	a.Exports[0].State, a.Exports[0].Trouble = control.NotServed, "interface eth7: no such network interface"
	golden(t, "unserved.txt", One(a, nil))
}

// TestTop compares the busiest exports, all of them and in small windows.
func TestTop(t *testing.T) {
	golden(t, "top.txt", strings.Join(Top(answer(), Width, 0), "\n")+"\n")
	for _, size := range [][2]int{{1, 1}, {40, 6}, {100, 2}, {300, 50}} {
		lines := Top(answer(), size[0], size[1])
		if len(lines) > size[1] {
			t.Errorf("%d lines in a window of %d", len(lines), size[1])
		}
		for _, l := range lines {
			if n := utf8.RuneCountInString(l); n > size[0] {
				t.Errorf("%d columns in a window of %d: %s", n, size[0], l)
			}
		}
	}
}

// TestNothingSteers has every text that a server may send hold what steers a terminal:
// none of it is shown as it is.
func TestNothingSteers(t *testing.T) {
	const evil = "\x1b[2J\r\n\u009b\u202eé"
	a := oneAnswer()
	e := &a.Exports[0]
	e.Name, e.Filename, e.Conf, e.Trouble, e.State = evil, evil, evil, evil, control.State(evil)
	e.Links, e.Down = []string{evil}, []string{evil}
	e.Figures.Errors = map[string]uint64{evil: 1}
	e.Users.Config, e.Users.Masks, e.Users.Reservation = evil, []string{evil}, []string{evil}
	e.Users.Initiators = []control.Initiator{{MAC: evil, Link: evil}}
	a.Links = []control.Link{{Name: evil, Down: evil, Receive: evil, WhyReceive: evil, Send: evil, WhySend: evil}}
	for _, text := range []string{List(a, Width), One(a, nil), strings.Join(Top(a, Width, 0), "\n"), Cut(evil, 80)} {
		if strings.ContainsAny(text, "\x1b\r\u009b\u202e") {
			t.Errorf("it shows %q", text)
		}
	}
}

// TestWords writes figures; the numbers of the table have five characters at the most.
func TestWords(t *testing.T) {
	for want, f := range map[string]float64{"0": 0, "0.1": 0.1, "99.9": 99.94, "100": 99.96, "99999": 99999, "100k": 99999.9, "150k": 150000, "1M": 999600, "9999E": 1e300} {
		if got := scaled(f); got != want || len(got) > 5 {
			t.Errorf("%v is %s; want %s", f, got, want)
		}
	}
	for want, f := range map[string]float64{"-": 0, "1us": 1e-6, "999us": 0.000999, "1.0ms": 0.0009996, "10ms": 0.00996, "999ms": 0.999, "1.0s": 0.9996, "34s": 34.3, "10min": 600, "10h": 36000, "3d": 72 * 3600} {
		if got := seconds(f); got != want {
			t.Errorf("%v s is %s; want %s", f, got, want)
		}
	}
	for want, f := range map[string]float64{"0B": 0, "512B": 512, "8.4MB": 8388608, "4.3GB": 4294967296, "10GB": 9.96e9, "144PB": 1 << 57} {
		if got := bytesOf(f); got != want {
			t.Errorf("%v bytes are %s; want %s", f, got, want)
		}
	}
	for _, f := range []float64{math.NaN(), math.Inf(1), -1} {
		if text := scaled(f) + seconds(f); len(text) > 11 {
			t.Errorf("%v is %s", f, text)
		}
	}
}
