// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"vblade/internal/initiator"
	"vblade/internal/lab"
)

// linkPatience is how long a test waits for what must happen to a link.
const linkPatience = 20 * time.Second

// What vblade logs of its link.
const (
	logDown    = "vblade: tgt0: the interface is down; waiting for the link"
	logGone    = "vblade: tgt0: the interface is gone; waiting for the link"
	logCarrier = "vblade: tgt0: no carrier; waiting for the link"
	logAgain   = "vblade: tgt0: serving again"
)

// journal is what a vblade logs, line by line.
type journal struct {
	t     *testing.T
	fifo  *os.File
	lines chan string
}

// endOfJournal is a line that no vblade logs.
const endOfJournal = "the end"

// startLogged starts vblade for e9.0 on tgt0 with a journal.
func (s *site) startLogged(args ...string) (*lab.Vblade, *journal) {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), "journal")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		s.t.Fatal(err)
	}
	fifo, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	j := &journal{s.t, fifo, make(chan string, 10000)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(fifo); lines.Scan(); {
			if !strings.Contains(lines.Text(), "rmem_max") { // which only root can pass over
				j.lines <- lines.Text()
			}
		}
	}()
	s.t.Cleanup(func() { fifo.Close(); <-ended })
	args = append([]string{"-c", `exec "$0" "$@" 2>` + path, s.vblade}, args...)
	return s.host.StartVblade(s.t, "/bin/sh", append(args, "9", "0", "tgt0", s.image)...), j
}

// next returns the next line.
func (j *journal) next() string {
	j.t.Helper()
	select {
	case line := <-j.lines:
		return line
	case <-time.After(linkPatience):
		j.t.Fatal("nothing is logged")
		return ""
	}
}

// expect wants lines, these and no others, in their order.
func (j *journal) expect(want ...string) {
	j.t.Helper()
	for _, w := range want {
		if line := j.next(); line != w {
			j.t.Errorf("logged %q; want %q", line, w)
		}
	}
}

// until returns the lines up to one that is as wanted.
func (j *journal) until(want string) []string {
	j.t.Helper()
	for lines := []string{}; ; {
		lines = append(lines, j.next())
		if lines[len(lines)-1] == want {
			return lines
		}
	}
}

// rest ends vblade and returns the lines that nobody asked for.
func (j *journal) rest(v *lab.Vblade) []string {
	j.t.Helper()
	if err := v.Stop(); err != nil {
		j.t.Error(err)
	}
	if _, err := fmt.Fprintln(j.fifo, endOfJournal); err != nil {
		j.t.Fatal(err)
	}
	lines := j.until(endOfJournal)
	return lines[:len(lines)-1]
}

// stop ends vblade, which must have logged no more.
func (j *journal) stop(v *lab.Vblade) {
	j.t.Helper()
	if lines := j.rest(v); len(lines) > 0 {
		j.t.Errorf("logged besides: %q", lines)
	}
}

// ip runs ip on the site's host.
func (s *site) ip(args string) {
	s.t.Helper()
	if err := s.host.Run("ip", strings.Fields(args)...); err != nil {
		s.t.Fatal(err)
	}
}

// load is an initiator that writes and reads back until it is told to end.
type load struct {
	stop  chan struct{}
	done  chan struct{} // takes a round that is done, if somebody waits for it
	ended chan error
}

// startLoad begins a load on an eighth of the disk.
func (s *site) startLoad() *load {
	s.t.Helper()
	target, err := s.open("ini0", initiator.Options{Patience: 2 * linkPatience}).Find(9, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	target.SetWindow(32)
	l := &load{make(chan struct{}), make(chan struct{}), make(chan error, 1)}
	go func() { l.ended <- l.run(target, s.content()[:diskSize/8]) }()
	return l
}

// run writes random extents of a disk and reads them back, and at the end all.
func (l *load) run(target *initiator.Target, want []byte) error {
	random := rand.New(rand.NewPCG(4, 5))
	for {
		select {
		case <-l.stop:
			got := make([]byte, len(want))
			if _, err := target.ReadAt(got, 0); err != nil {
				return err
			}
			if !bytes.Equal(got, want) {
				return fmt.Errorf("what is read at the end is not what was written")
			}
			return nil
		default:
		}
		n := 1 + random.IntN(100)
		off := random.IntN(len(want)/sectorSize-n) * sectorSize
		part := want[off : off+n*sectorSize]
		for i := range part {
			part[i] = byte(random.Uint32())
		}
		if _, err := target.WriteAt(part, int64(off)); err != nil {
			return err
		}
		got := make([]byte, len(part))
		if _, err := target.ReadAt(got, int64(off)); err != nil {
			return err
		}
		if !bytes.Equal(got, part) {
			return fmt.Errorf("what is read at byte %d is not what was just written", off)
		}
		select {
		case l.done <- struct{}{}:
		default:
		}
	}
}

// goesOn waits until the load has done another round.
func (l *load) goesOn(t *testing.T) {
	t.Helper()
	select {
	case <-l.done:
	case <-time.After(linkPatience):
		t.Fatal("the load stands still")
	}
}

// finish ends the load, which must have met no error.
func (l *load) finish(t *testing.T) {
	t.Helper()
	close(l.stop)
	if err := <-l.ended; err != nil {
		t.Error(err)
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
		found, err := ini.Listen(linkPatience, 1)
		if err != nil || len(found) != 1 || found[0].MAC != [6]byte{2, 0, 0, 0, 0, 0x77} || found[0].Sectors != 17 {
			t.Fatalf("heard %+v, %v; want e9.0 at the new address", found, err)
		}
		testReadWrite(t, s, found[0])
		lines := log.until(logAgain)
		lines = slices.DeleteFunc(lines, func(l string) bool { return l == logDown || l == logCarrier })
		want := []string{"vblade: tgt0: MTU 9000, 17 sectors a frame", "vblade: tgt0: address 02:00:00:00:00:77", logAgain}
		if !slices.Equal(lines, want) {
			t.Errorf("logged %q; want %q", lines, want)
		}
		s.ip("link set tgt0 address 02:00:00:00:00:78 mtu 1500")
		log.until("vblade: tgt0: address 02:00:00:00:00:78")
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
		log.expect(fmt.Sprintf("vblade: tgt0: MTU %d, %d sectors a frame", step.mtu, step.sectors))
		found, err := ini.Listen(linkPatience, 1)
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
	if found, err := ini.Listen(linkPatience, 1); err != nil || len(found) != 1 || found[0].Name() != "e9.0" {
		t.Errorf("heard %+v, %v; want e9.0", found, err)
	}
	testReadWrite(t, s, s.find([6]byte{}))
	log.stop(v)
}
