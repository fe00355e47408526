// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"errors"
	"fmt"
	"math/rand/v2"
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

// The initiators of these tests: one that has the export for itself, one that the
// masks admit besides, and one that they do not.
var (
	owner    = aoe.MAC{2, 0, 0, 0, 0x57, 1}
	other    = aoe.MAC{2, 0, 0, 0, 0x57, 2}
	outsider = aoe.MAC{2, 0, 0, 0, 0x57, 3}
)

// change has initiators set the config string, the masks and the reservation of e9.0.
func change(t *testing.T, mine *initiator.Target) {
	t.Helper()
	if _, err := mine.ConfigString(aoe.ConfigForceSet, "of the owner"); err != nil {
		t.Error(err)
	}
	if _, err := mine.EditMasks(initiator.Directive{Op: aoe.DirectiveAdd, MAC: owner}, initiator.Directive{Op: aoe.DirectiveAdd, MAC: other}); err != nil {
		t.Error(err)
	}
	if _, err := mine.Reserve(false, owner); err != nil {
		t.Error(err)
	}
}

// checkChanged checks that what change has set is in force at e9.0, as initiators at an
// interface see it: masks tells whether the masks are those that it has set.
func (s *site) checkChanged(netif string, masks bool) {
	s.t.Helper()
	find := func(mac aoe.MAC) *initiator.Target {
		target, err := s.open(netif, initiator.Options{MAC: mac}).Find(9, 0)
		if err != nil {
			s.t.Fatal(err)
		}
		return target
	}
	mine := find(owner)
	if text, err := mine.ConfigString(aoe.ConfigRead, ""); err != nil || text != "of the owner" {
		s.t.Errorf("the config string is %q, %v", text, err)
	}
	if macs, err := mine.Reservation(); err != nil || !slices.Equal(macs, []aoe.MAC{owner}) {
		s.t.Errorf("it is reserved for %v, %v", macs, err)
	}
	if _, err := mine.WriteAt(make([]byte, sectorSize), 0); err != nil {
		s.t.Errorf("the owner's write: %v", err)
	}
	var refused *initiator.AoEError
	if _, err := find(other).WriteAt(make([]byte, sectorSize), 0); !errors.As(err, &refused) || refused.Code != aoe.ErrReserved {
		s.t.Errorf("the write of another: %v", err)
	}
	quick := initiator.Options{MAC: outsider}
	if masks {
		quick.Patience = 300 * time.Millisecond
	}
	if _, err := s.open(netif, quick).Find(9, 0); (err != nil) != masks {
		s.t.Errorf("to whom the masks shut out: %v", err)
	}
}

// says waits until a process has said something on standard error.
func says(t *testing.T, v *lab.Process, want string) {
	t.Helper()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for late := time.Now().Add(patience); !strings.Contains(v.Stderr(), want); <-look.C {
		if time.Now().After(late) {
			t.Errorf("it says %q; want %q", v.Stderr(), want)
			return
		}
	}
}

// TestState has what initiators set outlive the process, for one export alone, and
// the masks of the command line prevail over theirs.
func TestState(t *testing.T) {
	s, dir := newSite(t, 1500), filepath.Join(t.TempDir(), "state")
	start := func(options ...string) *lab.Process {
		return s.host.StartVblade(t, s.vblade, append(options, "--state", dir, "9", "0", "tgt0", s.image)...)
	}
	v := start()
	lab.CheckConfined(t, v.Pid())
	change(t, s.find(owner))
	for range 2 {
		v.Kill()
		v = start()
		s.checkChanged("ini0", true)
		says(t, v, "e9.0: goes on with what initiators have set: a config string of 12 bytes, 2 masks, a reservation for 1 MACs\n")
	}
	v.Kill()
	v = start("-m", fmt.Sprintf("%x,%x,%x", owner[:], other[:], outsider[:]))
	s.checkChanged("ini0", false)
	says(t, v, "e9.0: the masks that initiators had set give way to those that it is added with\n")
	v.Kill()
	v = start()
	s.checkChanged("ini0", false)
	v.Kill()
	if err := os.WriteFile(dir+"/e9.0.state", []byte("something else\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	v = start()
	says(t, v, "/e9.0.state cannot be used: it is no state of vblade; it is set aside as ")
	if macs, err := s.find(other).Reservation(); err != nil || len(macs) != 0 {
		t.Errorf("it is reserved for %v, %v", macs, err)
	}
}

// TestStateOutlivesKills kills vblade again and again while an initiator sets one
// config string after the other: the next process has the last that was acknowledged,
// or the one that was under way.
func TestStateOutlivesKills(t *testing.T) {
	s, dir := newSite(t, 1500), t.TempDir()
	v := s.host.StartVblade(t, s.vblade, "--state", dir, "9", "0", "tgt0", s.image)
	random := rand.New(rand.NewPCG(7, 7))
	last := 0
	for range 10 {
		target := s.findAs("ini0", initiator.Options{Patience: time.Second}, 0)
		acknowledged := make(chan int, 1<<16)
		go func() {
			defer close(acknowledged)
			for n := last + 1; ; n++ {
				if _, err := target.ConfigString(aoe.ConfigForceSet, fmt.Sprint(n)); err != nil {
					return
				}
				acknowledged <- n
			}
		}()
		for range 1 + random.IntN(200) {
			n, more := <-acknowledged
			if !more { // the machine was too busy for an answer in time
				break
			}
			last = n
		}
		v.Kill()
		for n := range acknowledged {
			last = n
		}
		v = s.host.StartVblade(t, s.vblade, "--state", dir, "9", "0", "tgt0", s.image)
		text, err := s.find(owner).ConfigString(aoe.ConfigRead, "")
		if err != nil || text != fmt.Sprint(last) && text != fmt.Sprint(last+1) {
			t.Fatalf("the config string is %q, %v; acknowledged was %d", text, err, last)
		}
		fmt.Sscan(text, &last)
	}
	if last < 100 {
		t.Errorf("only %d changes", last)
	}
}

// TestNoState has nothing kept where nothing says so.
func TestNoState(t *testing.T) {
	s := newSite(t, 1500)
	v := s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", s.image)
	change(t, s.find(owner))
	v.Kill()
	s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", s.image)
	if text, err := s.find(outsider).ConfigString(aoe.ConfigRead, ""); err != nil || text != "" {
		t.Errorf("the config string is %q, %v", text, err)
	}
}

// TestStateOfServer has what initiators set outlive a crash of the server, its
// replacement, and its end.
func TestStateOfServer(t *testing.T) {
	s := newSite(t, 1500)
	server := s.host.StartServer(t, s.vblade)
	add := func(options ...string) {
		t.Helper()
		if _, err := server.Add(append(options, "9", "0", "tgt0", s.image)...); err != nil {
			t.Fatal(err)
		}
	}
	add("-m", fmt.Sprintf("%x,%x", owner[:], outsider[:]))
	change(t, s.find(owner))
	s.checkMasks(owner, other, outsider)
	for range 2 {
		server.Crash(t)
		s.checkMasks(owner, other, outsider)
		if err := server.Replace(t); err != nil {
			t.Error(err)
		}
		s.checkMasks(owner, other, outsider)
	}
	add("-m", fmt.Sprintf("%x,%x", owner[:], outsider[:])) // the same again changes nothing
	s.checkMasks(owner, other, outsider)
	if err := server.Remove("e9.0"); err != nil {
		t.Error(err)
	}
	add()
	s.checkMasks(owner, other, outsider)
	if err := server.Remove("e9.0"); err != nil {
		t.Error(err)
	}
	add("-m", fmt.Sprintf("%x,%x", owner[:], outsider[:]))
	s.checkMasks(owner, outsider)
	says(t, server.Process, "e9.0: the masks that initiators had set give way")
	if text, err := s.find(owner).ConfigString(aoe.ConfigRead, ""); err != nil || text != "of the owner" {
		t.Errorf("the config string is %q, %v", text, err)
	}
	// Whoever else wants the file is refused while it is served from it.
	if err := s.host.Wire("tgt9", "ini9", 1500); err != nil {
		t.Fatal(err)
	}
	out, err := s.host.Output(s.vblade, "--state", server.State, "9", "0", "tgt9", s.disk("second"))
	if want := "/e9.0.state is in use by another process: e9.0 is served elsewhere"; err == nil || !strings.Contains(string(out), want) {
		t.Errorf("a second process: %v: %s; want %q", err, out, want)
	}
}

// checkMasks checks the masks of e9.0.
func (s *site) checkMasks(want ...aoe.MAC) {
	s.t.Helper()
	masks, err := s.find(owner).Masks()
	slices.SortFunc(masks, func(a, b aoe.MAC) int { return slices.Compare(a[:], b[:]) })
	if err != nil || !slices.Equal(masks, want) {
		s.t.Errorf("the masks are %v, %v; want %v", masks, err, want)
	}
}

// TestStateMoves has an export go to another host, whose initiators find it as it
// was: its state is on storage that both share, and its serial number is given.
func TestStateMoves(t *testing.T) {
	s, dir := newSite(t, 1500), t.TempDir()
	second := lab.TestHost(t)
	if err := second.WireTo(s.far, "tgt1", "ini1", 1500); err != nil {
		t.Fatal(err)
	}
	serial := func(netif string) string {
		t.Helper()
		target, err := s.open(netif, initiator.Options{MAC: owner}).Find(9, 0)
		if err != nil {
			t.Fatal(err)
		}
		id, err := target.Identify()
		if err != nil {
			t.Fatal(err)
		}
		return id.Serial
	}
	args := []string{"--serial", "volume 7 of cluster", "--state", dir, "9", "0"}
	v := s.host.StartVblade(t, s.vblade, append(args, "tgt0", s.image)...)
	change(t, s.find(owner))
	for range 2 {
		v.Kill()
		v = second.StartVblade(t, s.vblade, append(args, "tgt1", s.image)...)
		s.checkChanged("ini1", true)
		if got := serial("ini1"); got != "volume 7 of cluster" {
			t.Errorf("the serial number is %q", got)
		}
		if err := v.Stop(); err != nil {
			t.Error(err)
		}
		v = s.host.StartVblade(t, s.vblade, append(args, "tgt0", s.image)...)
		s.checkChanged("ini0", true)
		if got := serial("ini0"); got != "volume 7 of cluster" {
			t.Errorf("the serial number is %q", got)
		}
	}
}
