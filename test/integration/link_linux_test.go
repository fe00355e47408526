// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vblade/internal/initiator"
)

// ip runs ip on the site's host.
func (s *site) ip(args string) {
	s.t.Helper()
	if err := s.host.Run("ip", strings.Fields(args)...); err != nil {
		s.t.Fatal(err)
	}
}

// TestFlaps takes the link down and up ten times, at either end, under a load:
// all is answered at the end, and each change logged once.
func TestFlaps(t *testing.T) {
	s := newSite(t, 1500)
	v, log := s.startLogged()
	l := s.startLoad()
	for i := range 10 {
		end, why := "tgt0", logDown
		if i%2 == 1 {
			end, why = "ini0", logCarrier
		}
		s.ip("link set " + end + " down")
		log.expect(why)
		s.ip("link set " + end + " up")
		begin := time.Now()
		log.expect(logAgain)
		l.goesOn(t)
		t.Logf("serving again in %v", time.Since(begin))
	}
	l.finish(t)
	log.stop(v)
}

// TestFlapsAtOnce takes the link down and up so fast that nobody need notice.
func TestFlapsAtOnce(t *testing.T) {
	s := newSite(t, 1500)
	v, log := s.startLogged()
	l := s.startLoad()
	script := filepath.Join(t.TempDir(), "flaps")
	if err := os.WriteFile(script, []byte(strings.Repeat("link set tgt0 down\nlink set tgt0 up\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		s.ip("-batch " + script)
	}
	l.finish(t)
	last := logAgain
	for _, line := range log.rest(v) {
		if line == last || line != logAgain && line != logDown && line != logCarrier {
			t.Errorf("logged %q after %q", line, last)
		}
		last = line
	}
	if last != logAgain {
		t.Errorf("logged %q at last", last)
	}
}

// TestMadeAnew deletes the interface and makes another of its name: initiators
// hear of the disk at its new address.
func TestMadeAnew(t *testing.T) {
	s := newSite(t, 1500)
	v, log := s.startLogged()
	for range 2 {
		s.ip("link del tgt0")
		log.expect(logGone)
		s.ip("link add tgt0 address 02:00:00:00:00:77 mtu 9000 type veth peer name ini0 mtu 9000")
		ini := s.open("ini0", initiator.Options{})
		s.ip("link set ini0 up")
		s.ip("link set tgt0 up")
		found, err := ini.Listen(patience, 1)
		if err != nil || len(found) != 1 || found[0].MAC != [6]byte{2, 0, 0, 0, 0, 0x77} || found[0].Sectors != 17 {
			t.Fatalf("heard %+v, %v; want e9.0 at the new address", found, err)
		}
		testReadWrite(t, s, found[0])
		lines := log.until(logAgain)
		lines = slices.DeleteFunc(lines, func(l string) bool { return l == logDown || l == logCarrier })
		want := []string{"vblade: e9.0: tgt0: MTU 9000, 17 sectors a frame", "vblade: e9.0: tgt0: address 02:00:00:00:00:77", logAgain}
		if !slices.Equal(lines, want) {
			t.Errorf("logged %q; want %q", lines, want)
		}
		s.ip("link set tgt0 address 02:00:00:00:00:78 mtu 1500")
		log.until("vblade: e9.0: tgt0: address 02:00:00:00:00:78")
	}
	log.stop(v)
}

// TestMTUChanges raises and lowers the MTU: initiators hear of the sectors that
// a frame carries now.
func TestMTUChanges(t *testing.T) {
	s := newSite(t, 1500)
	v, log := s.startLogged()
	s.find([6]byte{}) // it has advertised
	s.ip("link set ini0 mtu 9000")
	ini := s.open("ini0", initiator.Options{})
	for _, step := range []struct{ mtu, sectors int }{{9000, 17}, {1500, 2}, {4200, 8}, {1500, 2}} {
		s.ip(fmt.Sprint("link set tgt0 mtu ", step.mtu))
		log.expect(fmt.Sprintf("vblade: e9.0: tgt0: MTU %d, %d sectors a frame", step.mtu, step.sectors))
		found, err := ini.Listen(patience, 1)
		if err != nil || len(found) != 1 || found[0].Sectors != step.sectors {
			t.Fatalf("heard %+v, %v at MTU %d; want %d sectors a frame", found, err, step.mtu, step.sectors)
		}
		testReadWrite(t, s, found[0])
	}
	log.stop(v)
}

// TestStartDown starts vblade while the link is down.
func TestStartDown(t *testing.T) {
	s := newSite(t, 1500)
	s.ip("link set tgt0 down")
	v, log := s.startLogged()
	log.expect(logDown)
	ini := s.open("ini0", initiator.Options{})
	s.ip("link set tgt0 up")
	log.expect(logAgain)
	if found, err := ini.Listen(patience, 1); err != nil || len(found) != 1 || found[0].Name() != "e9.0" {
		t.Errorf("heard %+v, %v; want e9.0", found, err)
	}
	testReadWrite(t, s, s.find([6]byte{}))
	log.stop(v)
}
