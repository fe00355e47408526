// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// commandLimit bounds a command in a guest, deviceLimit a device's appearance.
const (
	commandLimit = 8 * time.Minute
	deviceLimit  = 2 * time.Minute
)

// job is a command running in a guest.
type job struct {
	guest  *guest
	script string
	ended  chan struct{} // closed when output and status are known
	output string        // what it printed, on standard output and error
	status int
}

// start starts a bash script in the guest, beside those already running.
func (g *guest) start(script string) (*job, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	j := &job{guest: g, script: script, ended: make(chan struct{})}
	line := fmt.Sprintf("%d %s\n", g.count, base64.StdEncoding.EncodeToString([]byte(script)))
	if _, err := g.control.Write([]byte(line)); err != nil {
		return nil, fmt.Errorf("send the guest a command: %w", err)
	}
	g.jobs[g.count] = j
	g.count++
	return j, nil
}

// endJob notes the end of a job, from the words of the guest's message. The
// caller holds g.mu.
func (g *guest) endJob(id, status, output string) {
	n, _ := strconv.Atoi(id)
	j := g.jobs[n]
	if j == nil {
		return
	}
	delete(g.jobs, n)
	text, err := base64.StdEncoding.DecodeString(output)
	j.output = string(text)
	if j.status, _ = strconv.Atoi(status); err != nil {
		j.output, j.status = fmt.Sprintf("output lost: %v", err), -1
	}
	close(j.ended)
}

// wait waits for the job's end. The error is about the guest, never the
// command's own.
func (j *job) wait(limit time.Duration) error {
	select {
	case <-j.ended:
		return nil
	case <-j.guest.qemu.ended:
		return fmt.Errorf("the guest ended while it ran: %s", j.script)
	case <-time.After(limit):
		return fmt.Errorf("the guest still runs after %v: %s", limit, j.script)
	}
}

// execute runs a bash script in the guest to its end and returns what it
// printed and its exit status.
func (g *guest) execute(script string) (output string, status int, err error) {
	j, err := g.start(script)
	if err == nil {
		err = j.wait(commandLimit)
	}
	if err != nil {
		return "", 0, err
	}
	return j.output, j.status, nil
}

// unload removes the aoe driver, if it is loaded, with its devices.
func (g *guest) unload() error {
	out, status, err := g.execute("! grep -q '^aoe ' /proc/modules || rmmod aoe")
	if err != nil {
		return err
	}
	if status != 0 {
		return fmt.Errorf("unload the aoe driver: %s", out)
	}
	return g.await("its AoE disks gone", deviceLimit, func() bool {
		for device := range g.devices {
			if strings.HasPrefix(device, "etherd/") {
				return false
			}
		}
		return true
	})
}

// shell is a guest in the hands of one test, which fails with it.
type shell struct {
	t *testing.T
	*guest
}

// try runs a bash script and returns what it printed and its exit status.
func (sh *shell) try(script string) (output string, status int) {
	sh.t.Helper()
	output, status, err := sh.execute(script)
	if err != nil {
		sh.t.Fatal(err)
	}
	return output, status
}

// run runs a bash script, each of its commands with success, and returns what
// it printed.
func (sh *shell) run(script string) string {
	sh.t.Helper()
	out, status := sh.try("set -e -o pipefail\n" + script)
	if status != 0 {
		sh.t.Fatalf("in the guest: %s\nexit status %d, printed:\n%s", script, status, end(out))
	}
	return out
}

// refuses runs a bash script that must fail, and returns what it printed.
func (sh *shell) refuses(script string) string {
	sh.t.Helper()
	out, status := sh.try(script)
	if status == 0 {
		sh.t.Fatalf("in the guest: %s\nsucceeded and should have failed, printed:\n%s", script, end(out))
	}
	return out
}

// unloads removes the aoe driver and its devices.
func (sh *shell) unloads() {
	sh.t.Helper()
	if err := sh.unload(); err != nil {
		sh.t.Fatal(err)
	}
}

// end returns the last part of a command's output, for a report.
func end(output string) string {
	return output[max(0, len(output)-4096):]
}

// appears waits for a block device, named as in /dev.
func (sh *shell) appears(device string) {
	sh.t.Helper()
	err := sh.await("/dev/"+device, deviceLimit, func() bool { return sh.devices[device] })
	if err != nil {
		sh.t.Fatal(err)
	}
}

// sees reports whether a block device is there now.
func (sh *shell) sees(device string) bool {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return sh.devices[device]
}

// sum returns the SHA-256 sum of a file or device in the guest.
func (sh *shell) sum(file string) string {
	sh.t.Helper()
	sum, _, _ := strings.Cut(sh.run("sha256sum "+file), " ")
	return sum
}

// holds checks the SHA-256 sum of a file or device in the guest.
func (sh *shell) holds(file, want string) {
	sh.t.Helper()
	if got := sh.sum(file); got != want {
		sh.t.Errorf("in the guest %s has the sum %s, want %s", file, got, want)
	}
}
