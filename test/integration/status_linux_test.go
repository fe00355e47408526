// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vblade/internal/initiator"
	"vblade/test/lab"
)

// load reads and writes an export until the test ends, or stop is called.
func (s *serving) load(slot uint8) (stop func()) {
	s.t.Helper()
	target, err := s.open("ini0", initiator.Options{Retry: time.Minute}).Find(9, slot)
	if err != nil {
		s.t.Fatal(err)
	}
	ends, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for b := make([]byte, 32<<10); ; {
			select {
			case <-ends:
				return
			default:
			}
			if _, err := target.ReadAt(b, 0); err != nil {
				s.t.Errorf("read: %v", err)
				return
			}
			if _, err := target.WriteAt(b[:4<<10], 0); err != nil {
				s.t.Errorf("write: %v", err)
				return
			}
		}
	}()
	stop = sync.OnceFunc(func() {
		close(ends)
		<-ended
	})
	s.t.Cleanup(stop)
	return stop
}

// awaitStatus asks for the status until it has what is wanted, and returns it.
func (s *serving) awaitStatus(want string, args ...string) string {
	s.t.Helper()
	wanted := regexp.MustCompile(want)
	for late := time.Now().Add(20 * time.Second); ; {
		out := s.must("status", args...)
		if wanted.MatchString(out) {
			return out
		}
		if time.Now().After(late) {
			s.t.Fatalf("status says\n%s\nwant %s", out, want)
		}
	}
}

// row matches the line of an export in the table, by its slot, with these columns
// from its state on.
func (s *serving) row(slot int, columns string) string {
	return fmt.Sprintf(`(?m)^e9\.%d +\S*%s +(ro )?8.4MB +tgt0!? +%s$`, slot, regexp.QuoteMeta(fmt.Sprintf("disk%d", slot)), columns)
}

// TestStatus has one of three exports used, and looks at all of them, at that one,
// at a link that falls, and at a request that is sent twice.
func TestStatus(t *testing.T) {
	s := newServing(t)
	s.addThree()
	const idle = `up +0 +0 +0 +- +- +0 +0`
	s.awaitStatus(s.row(0, idle))
	stop := s.load(0)
	out := s.awaitStatus(s.row(0, `up +[1-9][0-9.kM]* +[1-9][0-9.kM]* +[0-9.kM]+ +[0-9.]+[um]?s +[0-9.]+[um]?s +\d+ +1`))
	for _, line := range strings.Split(out, "\n") {
		if len(line) > 100 {
			t.Errorf("a line of %d columns: %s", len(line), line)
		}
	}
	for slot := 1; slot < 3; slot++ {
		if !regexp.MustCompile(s.row(slot, idle)).MatchString(out) {
			t.Errorf("e9.%d is not idle:\n%s", slot, out)
		}
	}
	if !regexp.MustCompile(`(?m)^LINK +STATE +RECEIVES BY +SENDS BY\ntgt0 +up +ring +\S`).MatchString(out) {
		t.Errorf("the link is not told of:\n%s", out)
	}
	stop()
	s.checkOne()
	if out, err := s.host.Output("ip", "link", "set", "ini0", "down"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	s.awaitStatus(`(?m)^e9\.0 .* tgt0! +no link `)
	s.awaitStatus(`(?m)^tgt0 +no carrier `)
	file := s.disk("disk3")
	if out := s.must("add", "9", "3", "tgt0", file); !strings.Contains(out, "warning: ") && !strings.Contains(out, "e9.3: tgt0: no carrier; waiting for the link") {
		t.Errorf("an export on a link that is down is added without a warning: %s", out)
	}
}

// checkOne looks at all that is said of e9.0, before and after a frame is sent twice.
func (s *serving) checkOne() {
	s.t.Helper()
	mac := `([0-9a-f]{2}:){5}[0-9a-f]{2}`
	for _, want := range []string{
		`^e9\.0: up\n  disk +` + regexp.QuoteMeta(s.files[0]) + `\n  size +16384 sectors, 8\.4MB\n  opened +O_RDWR\n`,
		`\n  link +tgt0: up, receives by ring\n +sends by \S+`,
		`\n  in all +\d+ reads [0-9.]+[kM]B, \d+ writes [0-9.]+[kM]B, 0 flushes\n +no errors, 0 repeated, 0 masked out, 0 shed\n`,
		`\n  config +none\n  masks +none: everyone is served\n  reserved +for nobody\n`,
		`\nINITIATOR +NAME +LINK +SEEN +REQUESTS +REPEATED +ACCESS\n` + mac + ` +tgt0 +(now|\d+s ago) +\d+ +0\n$`,
	} {
		s.awaitStatus(want, "e9.0")
	}
	station := s.host.Station(s.t, "ini0")
	read := []byte("\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x07\x88\xa2\x10\x00\x00\x09\x00\x00\x00\x00\x77\x77\x40\x00\x01\x24" + strings.Repeat("\x00", 32))
	for range 2 { // the reply to the first is lost
		if err := station.Send(read); err != nil {
			s.t.Fatal(err)
		}
	}
	s.awaitStatus(`\n02:00:00:00:00:07 +tgt0 +(now|\d+s ago) +2 +1\n`, "e9.0")
	var reply struct {
		Exports []struct {
			Figures struct{ Reads, Repeated uint64 }
			Users   struct{ Initiators []struct{ MAC string } }
		}
	}
	if err := json.Unmarshal([]byte(s.must("status", "--json", "e9.0")), &reply); err != nil {
		s.t.Fatal(err)
	}
	if e := reply.Exports[0]; e.Figures.Reads == 0 || e.Figures.Repeated != 1 || len(e.Users.Initiators) != 2 || e.Users.Initiators[0].MAC != "020000000007" {
		s.t.Errorf("in JSON: %+v", reply)
	}
}

// top starts `vblade top` on a terminal of 100 by 30, with an interval in seconds, and
// waits until it shows that so many exports are up.
func (s *serving) top(up int, interval string) *lab.Terminal {
	s.t.Helper()
	x := s.host.StartOnTerminal(s.t, 100, 30, exec.Command(s.vblade, "top", "--control", s.control, "-d", interval))
	head := fmt.Sprintf("vblade %d: %d exports, %d up", s.Pid(), up, up)
	if !x.Await(func(lines []string, alternate bool) bool { return alternate && len(lines) > 3 && lines[0] == head }) {
		lines, _ := x.Screen()
		s.t.Fatalf("top shows\n%s\n%s", strings.Join(lines, "\n"), x.Stderr())
	}
	return x
}

// fits tells whether a screen has been drawn for so many columns and rows.
func fits(columns, rows int) func([]string, bool) bool {
	return func(lines []string, _ bool) bool {
		return len(lines) == rows && !slices.ContainsFunc(lines, func(l string) bool { return len(l) > columns })
	}
}

// TestTop has top show which export is busy, after it was stopped by its terminal, and
// while the server is gone.
func TestTop(t *testing.T) {
	s := newServing(t)
	s.addThree()
	x := s.top(3, "0.2")
	before, err := x.Settings()
	if err != nil {
		t.Fatal(err)
	}
	stop := s.load(2)
	if !x.Await(func(lines []string, _ bool) bool { return len(lines) > 4 && strings.HasPrefix(lines[4], "e9.2 ") }) {
		lines, _ := x.Screen()
		t.Errorf("the busy export is not the first:\n%s", strings.Join(lines, "\n"))
	}
	if err := x.Type("\x1a"); err != nil { // Ctrl-Z
		t.Fatal(err)
	}
	if !x.Await(func(_ []string, alternate bool) bool { return !alternate }) {
		t.Error("Ctrl-Z leaves the screen as it is")
	}
	stopped := fmt.Sprintf("/proc/%d/stat", x.Pid())
	for late := time.Now().Add(10 * time.Second); ; {
		if b, err := os.ReadFile(stopped); err != nil || time.Now().After(late) {
			t.Fatalf("Ctrl-Z does not stop it: %v", err)
		} else if strings.Contains(string(b), ") T ") {
			break
		}
	}
	x.Signal(syscall.SIGCONT)
	if !x.Await(func(lines []string, alternate bool) bool { return alternate && len(lines) > 4 }) {
		t.Error("it does not go on")
	}
	if now, err := x.Settings(); err != nil || now != before {
		t.Errorf("the terminal is set to\n%+v\nnot\n%+v, %v", now, before, err)
	}
	stop()
	s.Kill()
	if !x.Await(func(lines []string, _ bool) bool {
		return len(lines) > 4 && strings.Contains(lines[2], "no server listens at ")
	}) {
		t.Error("it does not say that the server is gone")
	}
}

// TestTopEnds has top follow the size of its window, and ends it in every way: the
// terminal is as it was before.
func TestTopEnds(t *testing.T) {
	s := newServing(t)
	s.addThree()
	for name, end := range map[string]func(*lab.Terminal) error{
		"q":       func(x *lab.Terminal) error { return x.Type("q") },
		"Ctrl-C":  func(x *lab.Terminal) error { return x.Type("\x03") },
		"SIGTERM": func(x *lab.Terminal) error { x.Signal(syscall.SIGTERM); return nil },
		"SIGHUP":  func(x *lab.Terminal) error { x.Signal(syscall.SIGHUP); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			x := s.host.StartOnTerminal(t, 100, 30, exec.Command("sleep", "0"))
			want, err := x.Settings()
			if err != nil {
				t.Fatal(err)
			}
			x = s.top(3, "999")
			if now, err := x.Settings(); err != nil || now == want {
				t.Errorf("what is typed is shown meanwhile: %v", err)
			}
			if err := x.Resize(60, 5); err != nil {
				t.Fatal(err)
			}
			if !x.Await(fits(60, 5)) {
				t.Error("it does not follow the window")
			}
			if err := end(x); err != nil {
				t.Fatal(err)
			}
			if err := x.Wait(); err != nil {
				t.Errorf("%v: %s", err, x.Stderr())
			}
			if !x.Await(func(_ []string, alternate bool) bool { return !alternate }) {
				t.Error("the alternate screen is still there")
			}
			if now, err := x.Settings(); err != nil || now != want {
				t.Errorf("the terminal is set to\n%+v\nnot\n%+v, %v", now, want, err)
			}
		})
	}
}

// hasSocket waits until a process has a socket open, and reports whether it has.
func hasSocket(p *lab.Process) bool {
	for late := time.Now().Add(patience); time.Now().Before(late); {
		links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", p.Pid()))
		for _, link := range links {
			if to, err := os.Readlink(link); err == nil && strings.HasPrefix(to, "socket:") {
				return true
			}
		}
	}
	return false
}

// TestTopOfStopped ends top while the server is stopped, and does not answer.
func TestTopOfStopped(t *testing.T) {
	s := newServing(t)
	s.addThree()
	x := s.top(3, "0.1")
	if err := s.Suspend(); err != nil {
		t.Fatal(err)
	}
	defer s.Signal(syscall.SIGCONT)
	if !hasSocket(x.Process) {
		t.Fatal("it does not ask the server")
	}
	if err := x.Type("q"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-x.Ended():
	case <-time.After(patience):
		t.Error("q does not end it")
	}
}

// TestTopInPipe has top print into a pipe as often as is wanted, and until nobody
// reads any more.
func TestTopInPipe(t *testing.T) {
	s := newServing(t)
	s.addThree()
	out := s.must("top", "-d", "0.1", "-n", "3")
	if n := strings.Count(out, fmt.Sprintf("vblade %d: 3 exports, 3 up\n", s.Pid())); n != 3 || strings.Contains(out, "\x1b") {
		t.Errorf("it prints\n%q", out)
	}
	if out, err := s.host.Output("sh", "-c", s.vblade+" top --control "+s.control+" -d 0.1 | head -n 1"); err != nil || !strings.HasPrefix(string(out), "vblade ") {
		t.Errorf("into head: %v: %s", err, out)
	}
	if out, err := s.host.Output("sh", "-c", s.vblade+" top --control "+s.control+" -n 1 >/dev/full"); err == nil {
		t.Errorf("where there is no room: %s", out)
	}
	if out, err := s.ask("top", "-d", "0"); err == nil || !strings.Contains(out, `-d, --delay: "0" is no time; give 0.1 to 999999 seconds`) {
		t.Errorf("without an interval: %v: %s", err, out)
	}
}
