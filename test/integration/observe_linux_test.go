// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/initiator"
	"vblade/test/lab"
)

// startWithStderr starts vblade, and returns its standard error to be read line by line.
func (s *site) startWithStderr(args ...string) (*lab.Process, *bufio.Reader) {
	s.t.Helper()
	v, pipe := s.startPiped(args...)
	pipe.SetReadDeadline(time.Now().Add(2 * patience))
	return v, bufio.NewReader(pipe)
}

// report asks a target for its counters again and again until the report has
// lines that match, one for the export and one for the link: a reply may be here
// before it is counted.
func report(t *testing.T, v *lab.Process, stderr *bufio.Reader, export, link string) {
	t.Helper()
	want := regexp.MustCompile(export + "\n" + link + "\n$")
	got := ""
	for end := time.Now().Add(patience); !want.MatchString(got); {
		if time.Now().After(end) {
			t.Fatalf("the report is\n%swant\n%s", got, want)
		}
		v.Signal(syscall.SIGUSR1)
		for got = ""; !strings.Contains(got, "tgt0: "); {
			line, err := stderr.ReadString('\n')
			if err != nil {
				t.Fatalf("after %s: %v", got, err)
			}
			got += line
		}
	}
}

// TestReport asks a target for its counters by a signal.
func TestReport(t *testing.T) {
	s := newSite(t, 1500)
	st := s.newStation()
	own := st.link.MAC()
	v, stderr := s.startWithStderr("-m", fmt.Sprintf("%x", own[:]), "9", "0", "tgt0", s.image)
	st.await(1) // the advertisement
	report(t, v, stderr, `e9\.0: 0 reads 0 B, 0 writes 0 B, 0 flushes, 0 errors, 0 masked out, 0 in flight, p50 0 us, p99 0 us, 0 shed, oldest 0 us`,
		`tgt0: 0 frames received, 1 sent, 0 ignored, 0 dropped by the kernel, 0 replies dropped, received by ring, sent by (AF_XDP|(bypass|qdisc) \(.*\)), 0 stale`)
	st.converse()
	report(t, v, stderr, `e9\.0: 7 reads 7\.2 kB, 3 writes 1\.5 kB, 1 flushes, 4 errors \(1 unrecognized command, 1 bad argument, 2 not found\), `+
		`0 masked out, 0 in flight, p50 [0-9.]+ [um]?s, p99 [0-9.]+ [um]?s, 0 shed, oldest 0 us`,
		`tgt0: 18 frames received, 17 sent, 2 ignored, 0 dropped by the kernel, 0 replies dropped, received by ring, sent by (AF_XDP|(bypass|qdisc) \(.*\)), 0 stale`)
	if err := v.Stop(); err != nil {
		t.Error(err)
	}
}

// flood is more small frames than any receive buffer of ours holds.
const flood = 40000

// arrived is how many frames have come out of the wire at tgt0: a busy host loses
// some on it.
func (s *site) arrived() int {
	s.t.Helper()
	out, err := s.host.Output("ip", "-json", "-statistics", "link", "show", "tgt0")
	if err != nil {
		s.t.Fatal(err)
	}
	var links []struct {
		Stats64 struct{ RX struct{ Packets int } }
	}
	if err := json.Unmarshal(out, &links); err != nil || len(links) != 1 {
		s.t.Fatalf("%v: %s", err, out)
	}
	return links[0].Stats64.RX.Packets
}

// TestReportOfFlood floods a target that is stopped: what it has not received
// when it goes on, the kernel has dropped, and that is counted.
func TestReportOfFlood(t *testing.T) {
	s := newSite(t, 1500)
	st := s.newStation()
	v, stderr := s.startWithStderr("9", "0", "tgt0", s.image)
	st.await(1)
	s.must(0, v.Suspend())
	st.send(flood, st.request(0, 0, 0, 0)[:30]) // too short for an answer
	v.Signal(syscall.SIGCONT)
	if _, err := s.open("ini0", initiator.Options{}).Find(9, 0); err != nil {
		t.Fatal(err)
	}
	arrived := s.arrived()
	for end := time.Now().Add(patience); ; {
		v.Signal(syscall.SIGUSR1)
		line, err := stderr.ReadString('\n')
		if err != nil || time.Now().After(end) {
			t.Fatalf("%d frames arrived; %s, %v", arrived, line, err)
		}
		var received, sent, ignored, dropped int
		n, _ := fmt.Sscanf(line, "tgt0: %d frames received, %d sent, %d ignored, %d dropped by the kernel,", &received, &sent, &ignored, &dropped)
		if n == 4 && received+dropped == arrived && dropped > 0 && ignored > 0 {
			return
		}
	}
}

// TestMetrics reads a target's metrics by both kinds of address.
func TestMetrics(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "metrics")
	for network, address := range map[string]string{"tcp": "127.0.0.1:9100", "unix": socket} {
		t.Run(network, func(t *testing.T) {
			s := newSite(t, 1500)
			st := s.newStation()
			own := st.link.MAC()
			option := map[string]string{"tcp": address, "unix": "unix:" + address}[network]
			v := s.host.StartVblade(t, s.vblade, "-m", fmt.Sprintf("%x", own[:]), "9", "0", "tgt0", s.image, "--metrics", option)
			if network == "tcp" && s.listening(v) != 1 {
				t.Errorf("%d TCP sockets listen", s.listening(v))
			}
			st.await(1)
			st.converse()
			page := ""
			for end := time.Now().Add(patience); !strings.Contains(page, `vblade_sent_frames_total{link="tgt0"} 17`) ||
				!strings.Contains(page, `vblade_service_seconds_count{target="e9.0",op="other"} 5`); page = s.host.Metrics(t, network, address) {
				if time.Now().After(end) {
					t.Fatal(page)
				}
			}
			for _, sample := range []string{`reads_total{target="e9.0"} 7`, `read_bytes_total{target="e9.0"} 7168`,
				`writes_total{target="e9.0"} 3`, `write_bytes_total{target="e9.0"} 1536`, `flushes_total{target="e9.0"} 1`,
				`masked_frames_total{target="e9.0"} 0`, `errors_total{target="e9.0",kind="not_found"} 2`,
				`export_link{target="e9.0",link="tgt0"} 1`, `link_up{link="tgt0"} 1`, `disk_failing{target="e9.0"} 0`,
				`service_seconds_count{target="e9.0",op="read"} 7`, `service_seconds_count{target="e9.0",op="flush"} 1`,
				`export_info{target="e9.0",disk="` + s.image + `",mode="O_RDWR"} 1`,
				`received_frames_total{link="tgt0"} 18`, `ignored_frames_total{link="tgt0"} 2`} {
				if !strings.Contains(page, "\nvblade_"+sample+"\n") {
					t.Errorf("%s is not on the page\n%s", sample, page)
				}
			}
			v.Kill() // what it leaves behind is no obstacle
			s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", s.image, "--metrics", option)
			if page := s.host.Metrics(t, network, address); !strings.Contains(page, `vblade_reads_total{target="e9.0"} 0`) {
				t.Errorf("the next target's page is\n%s", page)
			}
		})
	}
}

// listening returns how many TCP sockets listen on the target's host, which has
// no other use for them.
func (s *site) listening(v *lab.Process) int {
	s.t.Helper()
	n := 0
	for _, table := range []string{"tcp", "tcp6"} {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", v.Pid(), table))
		if err != nil {
			s.t.Fatal(err)
		}
		n += bytes.Count(b, []byte(" 0A ")) // the state LISTEN
	}
	return n
}

// TestNothingListens checks that without --metrics nothing listens but for the
// claim of the address, which says nothing.
func TestNothingListens(t *testing.T) {
	s := newSite(t, 1500)
	v := s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", s.image)
	if n := s.listening(v); n != 0 {
		t.Errorf("%d TCP sockets listen", n)
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/unix", v.Pid()))
	if err != nil || bytes.Count(b, []byte("\n")) != 2 || !bytes.HasSuffix(b, []byte(" @vblade/e9.0/tgt0\n")) {
		t.Errorf("Unix sockets of its own, %v:\n%s", err, b)
	}
}

// TestMetricsUnderLoad reads the metrics all the time while a disk is used.
func TestMetricsUnderLoad(t *testing.T) {
	s := newSite(t, 9000)
	socket := filepath.Join(t.TempDir(), "metrics")
	s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", s.image, "--metrics", "unix:"+socket)
	target := s.find(aoe.MAC{})
	target.SetWindow(64)
	done := make(chan error, 1)
	go func() {
		var err error
		for i := 0; i < 5 && err == nil; i++ {
			_, err = target.ReadAt(make([]byte, diskSize), 0)
		}
		done <- err
	}()
	for n := 0; ; n++ {
		select {
		case err := <-done:
			if n == 0 || err != nil {
				t.Errorf("the metrics were read %d times meanwhile, the disk: %v", n, err)
			}
			return
		default:
			s.host.Metrics(t, "unix", socket)
		}
	}
}
