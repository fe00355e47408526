// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/journal"
)

// rivalLine is the warning of a rival.
func rivalLine(netif string, mac aoe.MAC, size string) string {
	return fmt.Sprintf("vblade: %s: %s serves e9.0 too (%s); if that is not another path to the same disk, "+
		"give one of them another shelf or slot\n", netif, net.HardwareAddr(mac[:]), size)
}

// openRivals opens what looks on an interface of the site for rivals of e9.0.
func (s *testbed) openRivals(t *testing.T, netif string, into *journal.Journal) (r *rivals) {
	t.Helper()
	err := s.host.Do(func() error {
		r = openRivals(options{shelf: 9}, netif, into.Log(""))
		return nil
	})
	if err != nil || r.ini == nil {
		t.Fatalf("%v", err)
	}
	return r
}

// TestServeRival starts a vblade at each end of the wire, of the same address:
// the second warns of the first, and the first of the second.
func TestServeRival(t *testing.T) {
	s := newTestbed(t)
	first := s.start(t, "-l", "62", "9", "0", "tgt0", "FILE")
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
			var said strings.Builder
			j := journal.New(&said)
			s.openRivals(t, c.asked, j).look(context.Background())
			j.Close(patience)
			if said.Len() > 0 {
				t.Errorf("it warns: %s", &said)
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
	var said strings.Builder
	j := journal.New(&said)
	r := s.openRivals(t, "ini0", j)
	if _, err := r.ini.Ask(9, 0, time.Second, 1); err == nil {
		t.Error("a link that is down takes the question")
	}
	looked := make(chan struct{})
	go func() {
		defer close(looked)
		r.look(context.Background())
	}()
	set("up")
	select {
	case <-looked:
	case <-time.After(patience):
		t.Fatal("it does not ask")
	}
	j.Close(patience)
	if want := rivalLine("ini0", s.mac, "68 sectors"); said.String() != want {
		t.Errorf("it says %swant %s", said.String(), want)
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
	ctx, cancel := context.WithCancel(context.Background())
	looked := make(chan struct{})
	r := s.openRivals(t, "ini0", journal.New(io.Discard))
	go func() {
		defer close(looked)
		r.look(ctx)
	}()
	cancel()
	select {
	case <-looked:
	case <-time.After(patience):
		t.Fatal("it does not end")
	}
}

// TestManyRivals has a host answer from many MACs, several times each, and refuse
// to say its size: there are few warnings, and one for each MAC.
func TestManyRivals(t *testing.T) {
	s := newTestbed(t)
	var said strings.Builder
	j := journal.New(&said)
	r := s.openRivals(t, "tgt0", j)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	answered := make(chan struct{})
	stop := context.AfterFunc(ctx, s.link.Interrupt)
	defer stop()
	go func() {
		defer close(answered)
		s.answerFromMany()
	}()
	r.look(context.Background())
	cancel()
	<-answered
	j.Close(patience)
	want := ""
	for k := range rivalsMost {
		want += rivalLine("tgt0", aoe.MAC{2, 0, 0, 0, 7, byte(k)}, "size unknown")
	}
	if said.String() != want {
		t.Errorf("it says\n%swant\n%s", said.String(), want)
	}
}

// answerFromMany answers the config query for e9.0 from twenty MACs, twice, and
// refuses everything else, until the link is interrupted.
func (s *testbed) answerFromMany() {
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
		macs := 40
		if f.Command() != aoe.CommandConfig {
			f.Fail(aoe.ErrArgument)
			macs = 1
		}
		for k := range macs {
			f.SetSrc(aoe.MAC{2, 0, 0, 0, 7, byte(k % 20)})
			s.link.Send([][]byte{f})
		}
	}
}
