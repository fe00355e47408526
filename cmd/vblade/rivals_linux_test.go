// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/journal"
	"vblade/internal/netio"
)

// rivalLine is the warning of a rival.
func rivalLine(netif string, mac aoe.MAC, size string) string {
	return fmt.Sprintf("vblade: %s: %s serves e9.0 too (%s); if that is not another path to the same disk, "+
		"give one of them another shelf or slot\n", netif, net.HardwareAddr(mac[:]), size)
}

// station is a link of ours.
type station struct{ mac aoe.MAC }

// MAC is the link's address.
func (l station) MAC() [6]byte { return l.mac }

// looking is a rivals that looks.
type looking struct {
	*rivals
	hears bool // the export hears the questions
	said  strings.Builder
	begin func()
	end   func() // it says nothing after that
}

// lookFor looks on an interface of the site for rivals of slots of shelf 9, which
// are served on other links of ours, too.
func (s *testbed) lookFor(t *testing.T, netif string, slots []uint8, others ...ownLink) *looking {
	t.Helper()
	l := new(looking)
	j := journal.New(&l.said)
	l.rivals = newRivals(j.Log(""), l)
	if err := s.host.Do(func() error { l.ask(t, netif, slots, others); return nil }); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	l.begin = func() { l.rivals.begin(ctx) }
	l.end = sync.OnceFunc(func() {
		cancel()
		l.rivals.end()
		j.Close(patience)
	})
	t.Cleanup(l.end)
	return l
}

// FoundRival has every rival be warned of.
func (l *looking) FoundRival(string, aoe.MAC) bool { return true }

// Heard is as the test says.
func (l *looking) Heard(string, uint32) bool { return l.hears }

// ask has l look for rivals.
func (l *looking) ask(t *testing.T, netif string, slots []uint8, others []ownLink) {
	mac, err := netio.Address(netif)
	if err != nil {
		t.Error(err)
	}
	for _, slot := range slots {
		l.rivals.ask(aoe.Address{Shelf: 9, Slot: slot}, netif, &asked{links: append([]ownLink{station{mac}}, others...)})
	}
}

// look lets it look for all, and returns what it says.
func (l *looking) look(t *testing.T) string {
	t.Helper()
	l.begin()
	l.done(t)
	l.end()
	return l.said.String()
}

// done waits until it has looked for all.
func (l *looking) done(t *testing.T) {
	t.Helper()
	home := make(chan struct{})
	go func() {
		defer close(home)
		l.looking.Wait()
	}()
	select {
	case <-home:
	case <-time.After(patience):
		t.Fatal("it does not ask, or goes on for ever")
	}
}

// TestServeRival starts a vblade at each end of the wire, of the same address:
// the second warns of the first, and the first of the second.
func TestServeRival(t *testing.T) {
	s := newTestbed(t)
	first := s.start(t, "-l", "62", "9", "0", "tgt0", "FILE")
	s.receive(t) // its advertisement, which the second would warn of without the size
	second := &started{status: make(chan int, 1)}
	out, in := io.Pipe()
	s.startInto(t, second, in, "9", "0", "ini0", "FILE")
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	if err == nil && strings.Contains(line, "rmem_max") { // which only root can pass over
		line, err = lines.ReadString('\n')
	}
	if want := rivalLine("ini0", s.mac, "62 sectors"); line != want || err != nil {
		t.Errorf("on standard error: %s%v; want %s", line, err, want)
	}
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for _, e := range []*started{first, second} {
		select {
		case status := <-e.status:
			if status != 0 {
				t.Errorf("the exit status is %d", status)
			}
		case <-time.After(patience):
			t.Fatal("SIGTERM does not end vblade")
		}
	}
	mac := s.link.MAC()
	want := fmt.Sprintf("vblade: tgt0: %v serves e9.0 too; if that is not another path to the same disk, "+
		"give one of them another shelf or slot\n", net.HardwareAddr(mac[:]))
	if !strings.Contains(first.stderr.String(), want) {
		t.Errorf("the first says %swant %s", &first.stderr, want)
	}
}

// TestNoRivals looks for rivals where there are none: there is a target of
// another address, or ourselves, by whatever interface.
func TestNoRivals(t *testing.T) {
	for _, c := range []struct{ slot, exported, asked string }{
		{"1", "tgt0", "ini0"},
		{"0", "tgt0", "tgt0"},
		{"0", "lo", "lo"},
	} {
		t.Run(fmt.Sprintf("e9.%s on %s from %s", c.slot, c.exported, c.asked), func(t *testing.T) {
			s := newTestbed(t)
			e := s.start(t, "9", c.slot, c.exported, "FILE")
			l := s.lookFor(t, c.asked, []uint8{0})
			l.hears = true
			if said := l.look(t); said != "" {
				t.Errorf("it warns: %s", said)
			}
			e.stop(t, syscall.SIGTERM)
		})
	}
}

// TestRivalsLinkDown looks for rivals while the link is down: it asks when the
// link is up.
func TestRivalsLinkDown(t *testing.T) {
	s := newTestbed(t)
	e := s.start(t, "9", "0", "tgt0", "FILE")
	set := func(state string) {
		t.Helper()
		if err := s.host.Run("ip", "link", "set", "ini0", state); err != nil {
			t.Fatal(err)
		}
	}
	set("down")
	l := s.lookFor(t, "ini0", []uint8{0})
	if _, err := l.lookers["ini0"].ini.Ask(aoe.Address{Shelf: 9}, time.Second, 1); err == nil {
		t.Error("a link that is down takes the question")
	}
	l.begin()
	set("up")
	l.done(t)
	l.end()
	if want := rivalLine("ini0", s.mac, "68 sectors"); l.said.String() != want {
		t.Errorf("it says %swant %s", l.said.String(), want)
	}
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-e.status // what it says of the link is not ours
}

// TestRivalsEnd ends the looking while the link is down.
func TestRivalsEnd(t *testing.T) {
	s := newTestbed(t)
	if err := s.host.Run("ip", "link", "set", "ini0", "down"); err != nil {
		t.Fatal(err)
	}
	l := s.lookFor(t, "ini0", []uint8{0})
	l.begin()
	l.end()
	l.done(t)
}

// TestRivalsForgotten removes an export while the link is down: nothing is asked,
// and the socket is closed.
func TestRivalsForgotten(t *testing.T) {
	s := newTestbed(t)
	if err := s.host.Run("ip", "link", "set", "ini0", "down"); err != nil {
		t.Fatal(err)
	}
	l := s.lookFor(t, "ini0", []uint8{0})
	l.begin()
	l.forget(aoe.Address{Shelf: 9})
	l.done(t)
	if len(l.lookers) > 0 {
		t.Error("it goes on looking")
	}
}

// TestRivalsOnOwnLink looks on one of two links of ours that are on the same LAN:
// the other answers, and is no rival.
func TestRivalsOnOwnLink(t *testing.T) {
	s := newTestbed(t)
	e := s.start(t, "9", "0", "tgt0", "FILE")
	l := s.lookFor(t, "ini0", []uint8{0}, station{s.mac})
	l.hears = true
	if said := l.look(t); said != "" {
		t.Errorf("it warns: %s", said)
	}
	e.stop(t, syscall.SIGTERM)
}

// TestRivalsOnOwnTwin looks on a LAN where two links of ours have one MAC: it warns of
// that, once.
func TestRivalsOnOwnTwin(t *testing.T) {
	s := newTestbed(t)
	e := s.start(t, "9", "0", "tgt0", "FILE")
	l := s.lookFor(t, "ini0", []uint8{0}, station{s.mac}, station{s.mac})
	l.hears = true
	l.begin()
	l.done(t)
	if err := s.host.Do(func() error { l.ask(t, "ini0", []uint8{0}, []ownLink{station{s.mac}, station{s.mac}}); return nil }); err != nil {
		t.Fatal(err)
	}
	l.done(t)
	l.end()
	want := fmt.Sprintf("vblade: ini0: two interfaces of this host have one address, %v, in this LAN, one of them for e9.0, so that switches send now to one, now to the other; "+
		"give each an address of its own, such as by --hwaddr auto, or a LAN of its own\n", net.HardwareAddr(s.mac[:]))
	if l.said.String() != want {
		t.Errorf("it says %swant %s", l.said.String(), want)
	}
	e.stop(t, syscall.SIGTERM)
}

// TestRivalsElsewhere asks for an export where it is not served: who serves it there is
// no rival.
func TestRivalsElsewhere(t *testing.T) {
	s := newTestbed(t)
	e := s.start(t, "9", "0", "tgt0", "FILE")
	for _, away := range []bool{true, false} {
		l := s.lookFor(t, "ini0", nil)
		s.host.Do(func() error {
			l.rivals.ask(aoe.Address{Shelf: 9}, "ini0", &asked{away: away})
			return nil
		})
		if warned := l.look(t) != ""; warned == away {
			t.Errorf("away: %v, warned: %v", away, warned)
		}
	}
	e.stop(t, syscall.SIGTERM)
}

// TestRivalsWithOwnAddress looks where a target answers from an address of ours that has
// not heard the question: it is another host's, too.
func TestRivalsWithOwnAddress(t *testing.T) {
	s := newTestbed(t)
	e := s.start(t, "9", "0", "tgt0", "FILE")
	l := s.lookFor(t, "ini0", []uint8{0}, station{s.mac})
	if said, want := l.look(t), rivalLine("ini0", s.mac, "68 sectors"); said != want {
		t.Errorf("it says %swant %s", said, want)
	}
	e.stop(t, syscall.SIGTERM)
}

// TestRivalsOfOne has a host answer from many MACs, several times each, and refuse
// to say its size: there are few warnings, and one for each MAC.
func TestRivalsOfOne(t *testing.T) {
	s := newTestbed(t)
	l := s.lookFor(t, "tgt0", []uint8{0})
	s.answer(t, 20, l)
	want := ""
	for k := range rivalsMost {
		want += rivalLine("tgt0", aoe.MAC{2, 0, 0, 0, 7, byte(k)}, "size unknown")
	}
	if l.said.String() != want {
		t.Errorf("it says\n%swant\n%s", l.said.String(), want)
	}
}

// TestRivalsOfMany has a host serve all of very many addresses: all are found, a
// few are named.
func TestRivalsOfMany(t *testing.T) {
	s := newTestbed(t)
	slots := make([]uint8, 255)
	for i := range slots {
		slots[i] = uint8(i)
	}
	l := s.lookFor(t, "tgt0", slots)
	s.answer(t, 1, l)
	lines := strings.Split(strings.TrimSpace(l.said.String()), "\n")
	if want := fmt.Sprintf("vblade: tgt0: %d more of the addresses", 255-rivalsTold); len(lines) != rivalsTold+1 || !strings.HasPrefix(lines[rivalsTold], want) {
		t.Errorf("it says\n%s", &l.said)
	}
}

// answer lets l look while somebody answers from so many MACs.
func (s *testbed) answer(t *testing.T, macs int, l *looking) {
	t.Helper()
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		s.answerFrom(macs)
	}()
	l.look(t)
	s.link.Interrupt()
	<-answered
}

// answerFrom answers config queries from so many MACs, twice, and refuses
// everything else, until the link is interrupted.
func (s *testbed) answerFrom(macs int) {
	buf := [][]byte{make([]byte, 2000)}
	for {
		n, err := s.link.Receive(buf)
		if err != nil || n == 0 {
			if !s.link.Wait(time.Second) {
				return
			}
			continue
		}
		f := aoe.Frame(buf[0])
		f.SetDst(f.Src())
		f.Set(aoe.FlagResponse)
		answers := 2 * macs
		if f.Command() != aoe.CommandConfig {
			f.Fail(aoe.ErrArgument)
			answers = 1
		}
		for k := range answers {
			f.SetSrc(aoe.MAC{2, 0, 0, 0, 7, byte(k % macs)})
			s.link.Send([][]byte{f})
		}
	}
}
