// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/initiator"
	"vblade/test/lab"
)

// serving is a site with a server of many exports.
type serving struct {
	*site
	*lab.Process
	control string
	state   string // the directory where exports that are added keep their state
	files   []string
}

// newServing makes a site and starts its server.
func newServing(t *testing.T, options ...string) *serving {
	t.Helper()
	s := &serving{site: newSite(t, 1500), state: t.TempDir()}
	s.control = filepath.Join(t.TempDir(), "run", "control")
	s.Process = s.host.StartVblade(t, s.vblade, append([]string{"serve", "--control", s.control}, options...)...)
	if want := fmt.Sprintf("pid %d: listens at %s", s.Pid(), s.control); s.Line != want {
		t.Errorf("it prints %q; want %q", s.Line, want)
	}
	return s
}

// ask runs a command of vblade to its end and returns what it prints.
func (s *serving) ask(command string, args ...string) (string, error) {
	options := []string{command, "--control", s.control}
	if command == "add" || command == "apply" {
		options = append(options, "--state", s.state)
	}
	out, err := s.host.Output(s.vblade, append(options, args...)...)
	return string(out), err
}

// must is ask for a command that must succeed.
func (s *serving) must(command string, args ...string) string {
	s.t.Helper()
	out, err := s.ask(command, args...)
	if err != nil {
		s.t.Fatalf("vblade %s %q: %v: %s", command, args, err, out)
	}
	return out
}

// addThree adds three exports of several kinds.
func (s *serving) addThree() {
	s.t.Helper()
	for slot, options := range [][]string{nil, {"-r"}, {"-s"}} {
		s.files = append(s.files, s.disk(fmt.Sprintf("disk%d", slot)))
		mode := "O_RDWR"
		if slot == 1 {
			mode = "O_RDONLY"
		}
		out := s.must("add", append(options, "9", fmt.Sprint(slot), "tgt0", s.files[slot])...)
		if want := fmt.Sprintf("pid %d: e9.%d, %d sectors %s\n", s.Pid(), slot, diskSize/sectorSize, mode); out != want {
			s.t.Errorf("add prints %q; want %q", out, want)
		}
	}
}

// serves checks that the three exports are served, and the writable written.
func (s *serving) serves() {
	s.t.Helper()
	for slot := range uint8(3) {
		target, err := s.open("ini0", initiator.Options{}).Find(9, slot)
		if err != nil {
			s.t.Errorf("e9.%d: %v\n%s", slot, err, s.Stderr())
			continue
		}
		want, err := os.ReadFile(s.files[slot])
		if err != nil {
			s.t.Fatal(err)
		}
		got := make([]byte, sectorSize)
		if _, err := target.ReadAt(got, 5*sectorSize); err != nil || !bytes.Equal(got, want[5*sectorSize:6*sectorSize]) {
			s.t.Errorf("e9.%d: a read: %v", slot, err)
		}
		if _, err := target.WriteAt(got, 5*sectorSize); (err != nil) != (slot == 1) {
			s.t.Errorf("e9.%d: a write: %v", slot, err)
		}
	}
}

// TestServe adds exports to a server that was started without any, and has
// confined itself; asks for them; removes them.
func TestServe(t *testing.T) {
	s := newServing(t)
	lab.CheckConfined(t, s.Pid())
	s.addThree()
	s.serves()
	lab.CheckConfined(t, s.Pid())
	if out := s.must("add", "9", "0", "tgt0", s.files[0]); !strings.Contains(out, ": e9.0, ") {
		t.Errorf("the same again: %s", out)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"add", "9", "0", "tgt0", s.files[1]}, "vblade: e9.0 is served already, but not with the same file: " + s.files[0] + " on tgt0, 16384 sectors O_RDWR, --state " + s.state + "; give another shelf or slot, or first: vblade remove e9.0\n"},
		{[]string{"add", "9", "3", "nowhere0", s.files[1]}, "vblade: interface nowhere0: no such network interface; there are "},
		{[]string{"add", "9", "3", "tgt0", "/nowhere"}, "vblade: open /nowhere: no such file or directory\n"},
		{[]string{"remove", "e9.7"}, "vblade: e9.7 is not served here; vblade status lists what is\n"},
	} {
		if out, err := s.ask(c.args[0], c.args[1:]...); err == nil || !strings.HasPrefix(out, c.want) {
			t.Errorf("%q: %v: %s; want %s", c.args, err, out, c.want)
		}
	}
	s.must("remove", "e9.1")
	if out := s.must("status"); !strings.HasPrefix(out, "EXPORT ") || !strings.Contains(out, "\ne9.0 ") || !strings.Contains(out, "\ne9.2 ") || strings.Contains(out, "e9.1") {
		t.Errorf("status:\n%s", out)
	}
	if out := s.must("status", "--json", "e9.2"); !strings.HasPrefix(out, `{"vblade":1,"pid":`) || !strings.Contains(out, `"name":"e9.2"`) {
		t.Errorf("status in JSON: %s", out)
	}
	if _, err := s.open("ini0", initiator.Options{Patience: time.Second}).Find(9, 1); err == nil {
		t.Error("what was removed is served")
	}
	if err := s.Stop(); err != nil {
		t.Errorf("%v\n%s", err, s.Stderr())
	}
	if out, err := s.ask("status"); err == nil || !strings.Contains(out, "no server listens at "+s.control+"; start one with: vblade serve --control "+s.control) {
		t.Errorf("status without a server: %v: %s", err, out)
	}
}

// TestServeKinds adds disks of several kinds to a confined server, which asks them
// for their size, and one that grows afterwards.
func TestServeKinds(t *testing.T) {
	s := newServing(t)
	loop, slow := s.loopDevice(), s.slowDisk().Path()
	for slot, args := range [][]string{{loop}, {"-d", loop}, {"-r", loop}, {slow}, {"-s", loop}, {"-m", "020000000001", s.image}} {
		s.must("add", append([]string{"8", fmt.Sprint(slot), "tgt0"}, args...)...)
		if strings.HasPrefix(args[0], "-m") {
			continue
		}
		target, err := s.open("ini0", initiator.Options{}).Find(8, uint8(slot))
		if err != nil {
			t.Errorf("%q: %v\n%s", args, err, s.Stderr())
			continue
		}
		if id, err := target.Identify(); err != nil || id.Sectors != diskSize/sectorSize {
			t.Errorf("%q: %d sectors, %v", args, id.Sectors, err)
		}
		if _, err := target.ReadAt(make([]byte, sectorSize), 0); err != nil {
			t.Errorf("%q: %v", args, err)
		}
	}
	file := s.disk("grows")
	s.must("add", "9", "0", "tgt0", file)
	if err := os.Truncate(file, 2*diskSize); err != nil {
		t.Fatal(err)
	}
	id, err := s.find(aoe.MAC{}).Identify()
	if err != nil || id.Sectors != 2*diskSize/sectorSize {
		t.Errorf("after it has grown: %d sectors, %v", id.Sectors, err)
	}
	lab.CheckConfined(t, s.Pid())
}

// TestServeLinks adds exports on one link and on two, to a server that has
// confined itself: each is found where it is served, and only there.
func TestServeLinks(t *testing.T) {
	s := newServing(t)
	if err := s.host.Wire("tgt1", "ini1", 1500); err != nil {
		t.Fatal(err)
	}
	for slot, links := range []string{"tgt0,tgt1", "tgt1"} {
		s.must("add", "7", fmt.Sprint(slot), links, s.disk(fmt.Sprint("disk", slot)))
	}
	for _, c := range []struct {
		netif string
		slot  uint8
		found bool
	}{{"ini0", 0, true}, {"ini1", 0, true}, {"ini0", 1, false}, {"ini1", 1, true}} {
		o := initiator.Options{}
		if !c.found {
			o.Patience = 2 * time.Second
		}
		_, err := s.open(c.netif, o).Find(7, c.slot)
		if (err == nil) != c.found {
			t.Errorf("e7.%d on %s: %v\n%s", c.slot, c.netif, err, s.Stderr())
		}
	}
	if out := s.must("status"); !strings.Contains(out, " tgt0,tgt1 ") {
		t.Errorf("status: %s", out)
	}
}

// TestServeReplace has a server take over from another, twice, with its metrics.
func TestServeReplace(t *testing.T) {
	metrics := filepath.Join(t.TempDir(), "metrics")
	s := newServing(t, "--metrics", "unix:"+metrics)
	s.addThree()
	for range 2 {
		old := s.Process
		s.Process = s.host.StartVblade(t, s.vblade, "serve", "--replace", "--control", s.control, "--metrics", "unix:"+metrics)
		if err := old.Wait(); err != nil {
			t.Errorf("the old server: %v\n%s", err, old.Stderr())
		}
		s.serves()
		lab.CheckConfined(t, s.Pid())
		if page := s.host.Metrics(t, "unix", metrics); !strings.Contains(page, `vblade_reads_total{target="e9.2"}`) {
			t.Errorf("the metrics are\n%s", page)
		}
		if out := s.must("add", "9", "0", "tgt0", s.files[0]); !strings.HasPrefix(out, fmt.Sprintf("pid %d: e9.0, ", s.Pid())) {
			t.Errorf("the same again: %s", out)
		}
	}
	s.must("remove", "e9.0")
}

// TestServeRestart kills a server whose manager keeps its descriptors, and starts
// another: it serves the same, without a file being opened.
func TestServeRestart(t *testing.T) {
	s := &serving{site: newSite(t, 1500), state: t.TempDir()}
	s.control = filepath.Join(t.TempDir(), "control")
	m := lab.NewManager(t)
	start := func() {
		s.Process = m.StartCommand(s.host, m.Command([]string{s.vblade, "serve", "--control", s.control}))
	}
	start()
	s.addThree()
	kept := m.Names()
	if want := []string{"e9.0", "e9.0-parameters", "e9.1", "e9.1-parameters", "e9.2", "e9.2-parameters"}; !slices.Equal(slices.Compact(slices.Clone(kept)), want) {
		t.Errorf("kept are %q; want %q", kept, want)
	}
	for range 3 {
		for _, f := range s.files { // an open file does not need its name
			if err := os.Rename(f, f+".away"); err != nil {
				t.Fatal(err)
			}
		}
		s.Kill()
		start()
		for _, f := range s.files {
			if err := os.Rename(f+".away", f); err != nil {
				t.Fatal(err)
			}
		}
		s.serves()
		if out := s.must("add", "9", "0", "tgt0", s.files[0]); !strings.Contains(out, ": e9.0, ") {
			t.Errorf("the same again: %s", out)
		}
	}
	if now := m.Names(); !slices.Equal(now, kept) {
		t.Errorf("kept are %q, and were %q", now, kept)
	}
	s.must("remove", "e9.0")
	s.must("remove", "e9.2")
	if got, want := m.Names(), []string{"e9.1", "e9.1", "e9.1-parameters"}; !slices.Equal(got, want) {
		t.Errorf("kept are %q; want %q", got, want)
	}
}
