// SPDX-License-Identifier: GPL-2.0-only

package packaging

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vblade/internal/initiator"
	"vblade/test/lab"
	"vblade/test/peer"
)

// cluster is what Pacemaker does on one of its hosts: it calls a resource agent
// for vblade, with the program under test.
type cluster struct {
	t     *testing.T
	host  *lab.Host
	agent string
	env   []string
	pid   string // the agent's pid file
}

// What the agent's actions exit with, by the OCF's rules.
const (
	ocfSuccess    = 0
	ocfGeneric    = 1
	ocfInstalled  = 5
	ocfConfigured = 6
	ocfNotRunning = 7
)

// theirs is the agent of Debian's resource-agents.
const theirs = "/usr/lib/ocf/resource.d/heartbeat/AoEtarget"

// newCluster makes a host with a wire, tgt0 to ini0, for an agent with these
// parameters.
func newCluster(t *testing.T, agent string, parameters ...string) *cluster {
	t.Helper()
	if _, err := os.Stat(theirs); err != nil {
		lab.Skip(t, theirs, "apt-get install resource-agents")
	}
	c := &cluster{t: t, host: lab.TestHost(t), agent: agent}
	if err := c.host.Wire("tgt0", "ini0", 1500); err != nil {
		t.Fatal(err)
	}
	c.env = append(os.Environ(), "OCF_ROOT=/usr/lib/ocf", "OCF_RESOURCE_INSTANCE=disk", "HA_debug=0")
	c.sets("binary="+program, "shelf=9", "slot=0")
	c.sets(parameters...)
	return c
}

// sets gives the agent parameters, NAME=VALUE each.
func (c *cluster) sets(parameters ...string) {
	for _, p := range parameters {
		c.env = append(c.env, "OCF_RESKEY_"+p)
	}
}

// newDisk makes a disk for an agent to serve.
func newDisk(t *testing.T) string {
	t.Helper()
	disk := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(disk, bytes.Repeat([]byte("vblade! "), 1<<17), 0o600); err != nil {
		t.Fatal(err)
	}
	return disk
}

// newTheirs makes a host for Debian's agent, which serves a disk there.
func newTheirs(t *testing.T) *cluster {
	t.Helper()
	c := newCluster(t, theirs, "nic=tgt0", "device="+newDisk(t))
	c.pid = filepath.Join(t.TempDir(), "pid")
	c.sets("pid=" + c.pid)
	c.env = append(c.env, "HA_RSCTMP="+t.TempDir())
	t.Cleanup(func() {
		if pid := c.number(); pid > 0 {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	return c
}

// does runs an action of the agent, which must exit with the status given.
func (c *cluster) does(action string, want int) {
	c.t.Helper()
	if got, text := c.do(action); got != want {
		c.t.Fatalf("%s: exit status %d, want %d\n%s", action, got, want, text)
	}
}

// becomes is does for a status that the action exits with soon.
func (c *cluster) becomes(action string, want int) {
	c.t.Helper()
	for late := time.Now().Add(30 * time.Second); time.Now().Before(late); {
		if got, _ := c.do(action); got == want {
			return
		}
	}
	c.does(action, want)
}

// do runs an action of the agent, and returns its exit status and what it printed.
func (c *cluster) do(action string) (status int, text string) {
	c.t.Helper()
	log, err := os.Create(filepath.Join(c.t.TempDir(), "log"))
	if err != nil {
		c.t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(c.agent, action)
	cmd.Env, cmd.Stdout, cmd.Stderr = c.env, log, log // a file: vblade keeps it open
	c.host.Do(cmd.Run)
	printed, _ := os.ReadFile(log.Name())
	return cmd.ProcessState.ExitCode(), string(printed)
}

// adopt has an agent leave its processes to this one, which sees them end.
func adopt(t *testing.T) {
	t.Helper()
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) })
}

// kill kills the process that the pid file names, which is adopted, and returns
// when it is gone.
func (c *cluster) kill() {
	c.t.Helper()
	syscall.Kill(c.number(), syscall.SIGKILL)
	if _, err := syscall.Wait4(c.number(), nil, 0, nil); err != nil {
		c.t.Fatal(err)
	}
}

// number is the process that the pid file names; 0 without one.
func (c *cluster) number() int {
	text, _ := os.ReadFile(c.pid)
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return pid
}

// initiator opens an initiator at the other end of the wire.
func (c *cluster) initiator(o initiator.Options) *initiator.Initiator {
	c.t.Helper()
	return peer.Initiator(c.t, c.host, "ini0", o)
}

// read finds the disk as an initiator, which waits for a target that starts.
func (c *cluster) read() {
	c.t.Helper()
	if _, err := c.initiator(initiator.Options{}).Find(9, 0); err != nil {
		c.t.Error(err)
	}
}

// TestAgent has Debian's agent start, monitor and stop vblade.
func TestAgent(t *testing.T) {
	c := newTheirs(t)
	c.does("validate-all", ocfSuccess)
	c.does("monitor", ocfNotRunning)
	c.does("start", ocfSuccess)
	c.read()
	c.does("monitor", ocfSuccess)
	first := c.number()
	c.does("start", ocfSuccess)
	if c.number() != first {
		t.Error("a second start started a second vblade")
	}
	c.does("stop", ocfSuccess)
	c.does("monitor", ocfNotRunning)
	if err := syscall.Kill(first, 0); err == nil {
		t.Errorf("pid %d is left after the stop", first)
	}
}

// TestAgentFailure has vblade killed: Debian's agent's monitor tells, and its stop
// tidies up.
func TestAgentFailure(t *testing.T) {
	c := newTheirs(t)
	adopt(t)
	c.does("start", ocfSuccess)
	c.read()
	c.kill()
	c.does("monitor", ocfGeneric)
	c.does("stop", ocfSuccess)
	c.does("monitor", ocfNotRunning)
}
