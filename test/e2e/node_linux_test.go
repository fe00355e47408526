// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"vblade/test/lab"
)

// rootLimit bounds the making of the nodes' Debian system, which takes a minute.
const rootLimit = 6 * time.Minute

// nodeLimit bounds what a node is told to do, and what the cluster does.
const nodeLimit = 4 * time.Minute

// node is a node of a cluster: a Debian system in namespaces of its own on this
// machine, or in a guest (newMachine). Its eth0 is on the site's bridge.
type node struct {
	t       *testing.T
	site    *site
	name    string
	port    string // the other end of its eth0, on the bridge
	host    *lab.Host
	process *process
	first   string // the number of its first process

	machine *shell // the guest that it is, where it is one, instead of host to first
}

// newNode makes a node, not running, on a port of a bridge.
func (s *site) newNode(t *testing.T, name, bridge string) *node {
	t.Helper()
	n := &node{t: t, site: s, name: name, port: "port-" + name, host: lab.TestHost(t)}
	if err := s.host.WireTo(n.host, n.port, "eth0", 1500); err != nil {
		t.Fatal(err)
	}
	s.run(t, "ip", "link", "set", n.port, "master", bridge)
	return n
}

// runs starts the node's system, by the files in the directory lab, and what the
// script work in the directory node starts there.
func (n *node) runs(root, lab, work string) {
	n.t.Helper()
	cmd := exec.Command("unshare", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child",
		"bash", "node/init", n.name, root, n.t.TempDir(), lab, work)
	var err error
	if n.process, err = startProcess(n.host, cmd); err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(n.ends)
	if _, err := n.process.firstLine(nodeLimit); err != nil {
		n.t.Fatalf("start %s: %v", n.name, err)
	}
	pid := cmd.Process.Pid
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		n.t.Fatal(err)
	}
	n.first = strings.TrimSpace(string(text))
}

// ends ends the node with its test, and shows its log where that has failed.
func (n *node) ends() {
	if n.t.Failed() && (n.first != "" || n.machine != nil) {
		out, _ := n.try("tail -n 50 /var/log/pacemaker/pacemaker.log /var/log/ceph/ceph-mon.a.log /run/vblade.log 2>/dev/null")
		n.t.Logf("the logs of %s end:\n%s", n.name, out)
	}
	n.dies()
}

// dies ends the node at once, with all that runs in it, and takes its port down. It
// may be called again, and by any goroutine.
func (n *node) dies() {
	if n.machine != nil {
		n.machine.kill()
		return
	}
	n.process.cmd.Process.Kill()
	<-n.process.ended
	if err := n.site.host.Run("ip", "link", "set", n.port, "down"); err != nil {
		n.t.Error(err)
	}
}

// try runs a bash script on the node and returns what it printed.
func (n *node) try(script string) (string, error) {
	if n.machine != nil {
		return n.machine.inside(script)
	}
	ctx, cancel := context.WithTimeout(context.Background(), nodeLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "nsenter", "--target", n.first, "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd",
		"bash", "-ec", script)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	return string(out), errors.Join(err, ctx.Err())
}

// run runs a bash script on the node, with success.
func (n *node) run(script string) string {
	n.t.Helper()
	out, err := n.try(script)
	if err != nil {
		n.t.Fatalf("on %s: %s\n%v, printed:\n%s", n.name, script, err, end(out))
	}
	return out
}

// nodeRoot makes a Debian system that nodes run, with the packages listed with commas,
// once for all runs, and returns its place.
func nodeRoot(t *testing.T, name, packages string) string {
	t.Helper()
	requested(t)
	lab.Need(t, "mmdebstrap", "mmdebstrap")
	uri, suite := mirror(t)
	ctx, cancel := context.WithTimeout(t.Context(), rootLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "node/mkroot.sh", cacheDir(t), suite, uri, name, packages)
	cmd.WaitDelay = time.Second
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("make the nodes' system: %v\n%s", err, &errs)
	}
	return strings.TrimSpace(string(out))
}

// furnish puts a file into the lab that the nodes are to have.
func furnish(t *testing.T, lab, name, text string, mode os.FileMode) {
	t.Helper()
	place := filepath.Join(lab, "root", name)
	err := os.MkdirAll(filepath.Dir(place), 0o755)
	if err == nil {
		err = os.WriteFile(place, []byte(text), mode)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// furnishProgram is furnish for a program, or another file, of this machine.
func furnishProgram(t *testing.T, lab, name, from string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	furnish(t, lab, name, string(text), 0o755)
}

// recipe returns the block of docs/clusters.md, commands or a file, that begins with
// a comment, changed to what there is here.
func recipe(t *testing.T, comment string, replacements ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "clusters.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?ms)^```[a-z]*\n# " + regexp.QuoteMeta(comment) + "\n(.*?)^```$").FindSubmatch(text)
	if found == nil {
		t.Fatalf("docs/clusters.md has no block that begins with # %s", comment)
	}
	block := string(found[1])
	for i := 0; i < len(replacements); i += 2 {
		if !strings.Contains(block, replacements[i]) {
			t.Fatalf("the block under # %s does not name %s", comment, replacements[i])
		}
		block = strings.ReplaceAll(block, replacements[i], replacements[i+1])
	}
	return block
}
