// SPDX-License-Identifier: GPL-2.0-only

package differential

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/netio"
	"vblade/test/lab"
	"vblade/test/peer"
)

// How long to wait: for a reply that must come, in so many steps, and for what a
// program that ended may have sent before.
const (
	patience = 5 * time.Second
	steps    = 50
	drain    = 20 * time.Millisecond
)

// leastWireMTU is what a wire is laid with at least: IPv6, which is switched off
// on it, does not know of interfaces with less.
const leastWireMTU = 1280

// side is one program, and the initiator's end of its wire.
type side struct {
	host    *lab.Host
	path    string   // of the program
	args    []string // its command line
	file    string   // what it exports
	link    *peer.Station
	arrived chan [][]byte // frames from the program, in order

	process *lab.Process
}

// newSide lays a wire whose ends begin with name, and listens on it. The
// initiator's end takes frames of four bytes more than the target's MTU: that
// much, a VLAN tag, the target's end lets through.
func newSide(t *testing.T, h *lab.Host, name, path string, l leg, file string) *side {
	t.Helper()
	tgt, ini := name+"tgt", name+"ini"
	must(t, h.Wire(tgt, ini, max(l.mtu, leastWireMTU)))
	t.Cleanup(func() { must(t, h.Run("ip", "link", "del", tgt)) })
	must(t, h.Run("ip", "link", "set", tgt, "mtu", fmt.Sprint(l.mtu), "address", net.HardwareAddr(target[:]).String()))
	must(t, h.Run("ip", "link", "set", ini, "mtu", fmt.Sprint(l.mtu+overlong)))
	s := &side{host: h, path: path, args: l.arguments(tgt, file), file: file, arrived: make(chan [][]byte, 1024)}
	s.open(t, ini, l.room()+overlong)
	return s
}

// open listens on the interface ini for frames of up to size bytes, for the
// length of a test.
func (s *side) open(t *testing.T, ini string, size int) {
	t.Helper()
	must(t, s.host.Do(func() (err error) {
		s.link, err = peer.Open(ini, netio.Config{EtherType: uint16(aoe.EtherType), ReceiveBuffer: 4 << 20, Foreign: true}, netio.HostConfig{})
		return err
	}))
	quit, listening := make(chan struct{}), make(chan struct{})
	go s.listen(size, quit, listening)
	t.Cleanup(func() {
		close(quit)
		s.link.Interrupt()
		<-listening
		s.link.Close()
	})
}

// must ends a test whose surroundings fail.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// listen passes frames of up to size bytes on, until quit is closed and the link
// interrupted.
func (s *side) listen(size int, quit, ended chan struct{}) {
	defer close(ended)
	bufs := make([][]byte, netio.MaxBatch)
	for i := range bufs {
		bufs[i] = make([]byte, size)
	}
	for s.link.Wait(-1) {
		n, err := s.link.Receive(bufs)
		if err != nil {
			return // the one who waits for a reply reports that none came
		}
		batch := make([][]byte, n)
		for i := range batch {
			batch[i] = bytes.Clone(bufs[i])
		}
		select {
		case s.arrived <- batch:
		case <-quit:
		}
	}
}

// start starts the program.
func (s *side) start() (err error) {
	s.process, err = lab.Spawn(exec.Command(s.path, s.args...), s.host.Start)
	return err
}

// stop ends the program, if it runs, and returns how it ended.
func (s *side) stop(sig os.Signal) (*os.ProcessState, error) {
	if s.process == nil {
		return nil, nil
	}
	s.process.Signal(sig)
	select {
	case <-s.process.Ended():
		return s.process.State(), nil
	case <-time.After(patience):
	}
	s.process.Kill()
	return s.process.State(), fmt.Errorf("%s did not end within %v of a signal (%v)", s.path, patience, sig)
}

// running reports whether the program has not ended by itself.
func (s *side) running() bool { return s.process.Alive() }

// epitaph says how the program ended and what it printed.
func (s *side) epitaph() string {
	return fmt.Sprintf("%s (%s)", s.process.State(), strings.TrimSpace(s.process.Stderr()))
}

// collect adds what arrives to got, until done says that it is enough, the
// program ends or patience does. Patience ends in steps: a machine that stands
// still meanwhile, as virtual ones do, takes one of them and not the program's time.
func (s *side) collect(got *answers, done func(*answers) bool) {
	step := time.NewTicker(patience / steps)
	defer step.Stop()
	var drained <-chan time.Time
	ended := s.process.Ended()
	for n := 0; n < steps && !done(got); {
		select {
		case batch := <-s.arrived:
			got.add(batch)
		case <-ended:
			ended = nil
			drained = time.After(drain)
		case <-drained:
			return
		case <-step.C:
			n++
		}
	}
}

// answers are the frames that a program sent since they were last looked at.
type answers struct {
	byTag          map[uint32][]byte
	more           [][]byte // without a tag, or with one seen before
	advertisements [][]byte // with tag 0, which no request has
}

// newAnswers returns no answers.
func newAnswers() *answers { return &answers{byTag: map[uint32][]byte{}} }

// isQuestion reports whether a frame is what our program asks the LAN at start:
// whether another target has its address.
func isQuestion(f aoe.Frame) bool {
	return f.Dst() == aoe.Broadcast && f.Command() == aoe.CommandConfig && !f.Has(aoe.FlagResponse)
}

// add adds frames.
func (a *answers) add(frames [][]byte) {
	for _, f := range frames {
		if len(f) < aoe.HeaderLen {
			a.more = append(a.more, f)
			continue
		}
		switch tag := aoe.Frame(f).Tag(); {
		case isQuestion(f):
		case tag == 0:
			a.advertisements = append(a.advertisements, f)
		case a.byTag[tag] != nil:
			a.more = append(a.more, f)
		default:
			a.byTag[tag] = f
		}
	}
}
