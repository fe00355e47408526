// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/netio"
	"vblade/test/frametest"
	"vblade/test/lab"
	"vblade/test/peer"
)

// patience is how long a test waits for what must happen, before it fails.
const patience = 10 * time.Second

// testbed is a wire with vblade's run on the one end and a Link on the other.
type testbed struct {
	host *lab.Host
	link *peer.Station
	file string
	mac  aoe.MAC // of vblade's end
}

// newTestbed lays the wire and makes a file with what a frametest.Store holds,
// three sectors behind its beginning and one before its end.
func newTestbed(t *testing.T) *testbed {
	t.Helper()
	s := &testbed{host: lab.TestHost(t), file: filepath.Join(t.TempDir(), "disk")}
	if err := s.host.Wire("tgt0", "ini0", 1500); err != nil {
		t.Fatal(err)
	}
	if err := s.host.Do(s.open); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.link.Close() })
	content := append(make([]byte, 3*512), frametest.Content(0, frametest.Sectors+1)...)
	if err := os.WriteFile(s.file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// open opens the Link and finds vblade's address.
func (s *testbed) open() (err error) {
	if s.link, err = peer.Open("ini0", netio.Config{EtherType: uint16(aoe.EtherType), Foreign: true}, netio.HostConfig{}); err != nil {
		return err
	}
	s.mac, err = netio.Address("tgt0")
	return err
}

// started is a run of vblade.
type started struct {
	line   string // what it printed
	stderr strings.Builder
	status chan int
}

// start runs vblade in this process until its first line. FILE in args is the
// testbed's file. The test ends it.
func (s *testbed) start(t *testing.T, args ...string) *started {
	t.Helper()
	e := &started{status: make(chan int, 1)}
	s.startInto(t, e, &e.stderr, args...)
	return e
}

// startInto is start for a standard error of the test's.
func (s *testbed) startInto(t *testing.T, e *started, stderr io.Writer, args ...string) {
	t.Helper()
	procs := runtime.GOMAXPROCS(0)
	t.Cleanup(func() { runtime.GOMAXPROCS(procs) })
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "FILE", s.file)
	}
	out, in := io.Pipe()
	go func() {
		status := -1 // where the host could not be entered
		s.host.Do(func() error {
			status = run(args, in, stderr, unconfined)
			return nil
		})
		in.Close()
		e.status <- status
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("vblade ended with status %d: %s", <-e.status, &e.stderr)
	}
	e.line = line
}

// stop ends vblade with a signal, which must be no failure.
func (e *started) stop(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), s); err != nil {
		t.Fatal(err)
	}
	select {
	case status := <-e.status:
		if status != 0 {
			t.Errorf("the exit status is %d", status)
		}
	case <-time.After(patience):
		t.Fatalf("%v does not end vblade", s)
	}
	for _, line := range strings.Split(strings.TrimSpace(e.stderr.String()), "\n") {
		// What only root can pass over, and what depends on the interface.
		if line != "" && !strings.Contains(line, "rmem_max") && !strings.Contains(line, ", slower than by ") {
			t.Errorf("on standard error: %s", line)
		}
	}
}

// receive returns the next reply on the wire; vblade also asks there, whether
// another target has its address.
func (s *testbed) receive(t *testing.T) aoe.Frame {
	t.Helper()
	buf := [][]byte{make([]byte, 2000)}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if n, err := s.link.Receive(buf); err != nil {
			t.Fatal(err)
		} else if n == 1 && aoe.Frame(buf[0]).Has(aoe.FlagResponse) {
			return buf[0]
		} else if n == 0 {
			s.link.Wait(time.Second)
		}
	}
	t.Fatal("nothing arrives")
	return nil
}

// ask sends an ATA request to e9.0 and returns the reply.
func (s *testbed) ask(t *testing.T, flags aoe.ATAFlag, opcode, count uint8, lba uint64, data []byte) aoe.Frame {
	t.Helper()
	f := make(aoe.Frame, aoe.ATALen, aoe.ATALen+len(data))
	f.SetHeader(aoe.Version, 0, aoe.CommandATA)
	f.SetDst(s.mac)
	f.SetSrc(s.link.MAC())
	f.SetTarget(9, 0)
	f.SetATARequest(flags, opcode, count, lba)
	if n, err := s.link.Send([][]byte{append(f, data...)}); n != 1 || err != nil {
		t.Fatalf("send: %v", err)
	}
	return s.receive(t)
}

// TestServe runs vblade on a window of a file: it says so, makes itself known,
// serves, and ends with a signal.
func TestServe(t *testing.T) {
	s := newTestbed(t)
	e := s.start(t, "-b", "272", "-o", "3", "-l62", "9", "0", "tgt0", "FILE")
	if want := fmt.Sprintf("pid %d: e9.0, 62 sectors O_RDWR\n", os.Getpid()); e.line != want {
		t.Errorf("prints %q; want %q", e.line, want)
	}
	known := s.receive(t)
	want := "ffffffffffff" + hex.EncodeToString(s.mac[:]) + "88a208000009000100000000" + "0110401902100000" + strings.Repeat("00", 28)
	if got := hex.EncodeToString(known); got != want {
		t.Errorf("it makes itself known by\n%s\nwant\n%s", got, want)
	}
	data := bytes.Repeat([]byte{0xa5}, 512)
	if r := s.ask(t, aoe.ATAWrite, 0x30, 1, 61, data); len(r) != 60 || r.ATAStatus() != 0x40 {
		t.Errorf("a write is answered by %x", []byte(r))
	}
	if r := s.ask(t, 0, 0x20, 2, 60, nil); !bytes.Equal(r[aoe.ATALen:], append(frametest.Content(60, 1), data...)) {
		t.Errorf("a read is answered by %x", []byte(r))
	}
	if r := s.ask(t, 0, 0x20, 1, 62, nil); r.ATAError() != 0x10 {
		t.Errorf("a read behind the window is answered by %x", []byte(r))
	}
	e.stop(t, syscall.SIGTERM)
	got, err := os.ReadFile(s.file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got[(3+61)*512:(3+62)*512], data) || !bytes.Equal(got[(3+62)*512:(3+63)*512], frametest.Content(62, 1)) {
		t.Error("the file does not hold what was written, or more of it was")
	}
}

// TestServeReadOnly runs vblade with -r and masks, after the positionals.
func TestServeReadOnly(t *testing.T) {
	s := newTestbed(t)
	own := aoe.MAC(s.link.MAC())
	e := s.start(t, "9", "0", "tgt0", "FILE", "-rs", "-m", fmt.Sprintf("%x,020000000404", own[:]))
	if want := fmt.Sprintf("pid %d: e9.0, 68 sectors O_RDONLY\n", os.Getpid()); e.line != want {
		t.Errorf("prints %q; want %q", e.line, want)
	}
	if to := s.receive(t).Dst(); to != own {
		t.Errorf("it makes itself known to %x", to)
	}
	if to := s.receive(t).Dst(); to != (aoe.MAC{2, 0, 0, 0, 4, 4}) {
		t.Errorf("it makes itself known to %x", to)
	}
	if r := s.ask(t, aoe.ATAWrite, 0x30, 1, 5, make([]byte, 512)); r.ATAStatus() != 0x41 || r.ATAError() != 0x04 {
		t.Errorf("a write is answered by %x", []byte(r))
	}
	if r := s.ask(t, 0, 0x20, 1, 3+5, nil); !bytes.Equal(r[aoe.ATALen:], frametest.Content(5, 1)) {
		t.Errorf("a read is answered by %x", []byte(r))
	}
	e.stop(t, syscall.SIGINT)
}
