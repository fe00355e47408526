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

	"golang.org/x/sys/unix"

	"vblade/internal/initiator"
	"vblade/test/lab"
)

// cluster is what Pacemaker does on one of its hosts: it calls the resource
// agent for vblade, as Debian has it, with the program under test.
type cluster struct {
	t    *testing.T
	host *lab.Host
	env  []string
	pid  string // the agent's pid file
}

// What the agent's actions exit with, by the OCF's rules.
const (
	ocfSuccess    = 0
	ocfGeneric    = 1
	ocfInstalled  = 5
	ocfNotRunning = 7
)

// agent is where Debian's resource-agents has it.
const agent = "/usr/lib/ocf/resource.d/heartbeat/AoEtarget"

// newCluster makes a host with a wire, tgt0 to ini0, and a disk for the agent
// to serve.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	if _, err := os.Stat(agent); err != nil {
		lab.Skip(t, agent, "apt-get install resource-agents")
	}
	c := &cluster{t: t, host: lab.TestHost(t), pid: filepath.Join(t.TempDir(), "pid")}
	if err := c.host.Wire("tgt0", "ini0", 1500); err != nil {
		t.Fatal(err)
	}
	disk := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(disk, bytes.Repeat([]byte("vblade! "), 1<<17), 0o600); err != nil {
		t.Fatal(err)
	}
	c.env = append(os.Environ(), "OCF_ROOT=/usr/lib/ocf", "OCF_RESOURCE_INSTANCE=disk", "HA_RSCTMP="+t.TempDir(), "HA_debug=0",
		"OCF_RESKEY_binary="+program, "OCF_RESKEY_pid="+c.pid,
		"OCF_RESKEY_shelf=9", "OCF_RESKEY_slot=0", "OCF_RESKEY_nic=tgt0", "OCF_RESKEY_device="+disk)
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
	log, err := os.Create(filepath.Join(c.t.TempDir(), "log"))
	if err != nil {
		c.t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(agent, action)
	cmd.Env, cmd.Stdout, cmd.Stderr = c.env, log, log // a file: vblade keeps it open
	c.host.Do(cmd.Run)
	if got := cmd.ProcessState.ExitCode(); got != want {
		text, _ := os.ReadFile(log.Name())
		c.t.Fatalf("%s: exit status %d, want %d\n%s", action, got, want, text)
	}
}

// number is the process that the pid file names; 0 without one.
func (c *cluster) number() int {
	text, _ := os.ReadFile(c.pid)
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return pid
}

// read reads the disk as an initiator, which waits for a target that starts.
func (c *cluster) read() {
	c.t.Helper()
	var ini *initiator.Initiator
	err := c.host.Do(func() (err error) {
		ini, err = initiator.Open("ini0", initiator.Options{})
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	defer ini.Close()
	if _, err := ini.Find(9, 0); err != nil {
		c.t.Error(err)
	}
}

// TestAgent has the agent start, monitor and stop vblade.
func TestAgent(t *testing.T) {
	c := newCluster(t)
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

// TestAgentFailure has vblade killed: the agent's monitor tells, and its stop
// tidies up.
func TestAgentFailure(t *testing.T) {
	c := newCluster(t)
	// The agent leaves vblade to this process, which sees it end.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	defer unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
	c.does("start", ocfSuccess)
	c.read()
	syscall.Kill(c.number(), syscall.SIGKILL)
	if _, err := syscall.Wait4(c.number(), nil, 0, nil); err != nil {
		t.Fatal(err)
	}
	c.does("monitor", ocfGeneric)
	c.does("stop", ocfSuccess)
	c.does("monitor", ocfNotRunning)
}
