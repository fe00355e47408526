// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"vblade/test/lab"
)

// newMachine boots the node number i (1 or 2) of a cluster as a guest, with a disk of
// its own, and starts its system: what node/init does for a node in namespaces. Image is
// a disk with a nodes' system, which all machines read; the directory dir is shared by
// 9P. The node's eth0 is for initiators, its eth1 for the other nodes.
func (s *site) newMachine(t *testing.T, i int, image, dir string) *node {
	t.Helper()
	tap, own := fmt.Sprint("tap", i), fmt.Sprint("tap", 4+i)
	for _, name := range []string{tap, own} {
		s.tap(t, name)
		t.Cleanup(func() { s.run(t, "ip", "link", "del", name) })
	}
	args := append(secondNIC(own), drive(emptyDisk(t, 64<<20))...)
	args = append(args, "-m", "1024", "-drive", "file="+image+",if=virtio,format=raw,readonly=on",
		"-virtfs", "local,path="+dir+",mount_tag=lab,security_model=none")
	g, err := bootGuest(s.host, s.boot, tap, args...)
	if err != nil {
		t.Fatal(err)
	}
	n := &node{t: t, site: s, name: fmt.Sprint("node", i), machine: &shell{t, g}}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the console of %s ends:\n%s", n.name, g.console())
		}
		n.ends()
	})
	n.machine.run(fmt.Sprintf(startMachine, i))
	return n
}

// startMachine is the script that makes a guest the node of a number.
const startMachine = `i=%d
	for module in overlay 9pnet_virtio 9p; do modprobe $module; done
	hostname node$i
	for link in lo eth0 eth1; do ip link set $link up; done
	ip address add 10.9.0.$i/24 dev eth1
	mkdir /run/base /run/changes
	mount -t ext4 -o ro /dev/vdb /run/base
	mount -t tmpfs changes /run/changes
	cd /run/changes
	mkdir upper work root
	mount -t overlay -o lowerdir=/run/base,upperdir=upper,workdir=work overlay root
	cd root
	for dir in proc sys dev; do mount --bind /$dir $dir; done
	mount -t tmpfs tmpfs run
	mkdir -p dev/shm run/resource-agents run/crm run/lock lab lib/modules
	mount -t tmpfs tmpfs dev/shm
	mount --bind /lib/modules lib/modules
	mount -t 9p -o trans=virtio,version=9p2000.L lab lab
	cp -r lab/root/. .
	hostname >etc/hostname
	printf '#!/bin/bash\ncd %%s; exec chroot . /sbin/drbdadm "$@"\n' "$PWD" >/sbin/drbdadm # called by the kernel
	chmod 755 /sbin/drbdadm`

// inside runs a bash script in the system of a guest that is a node.
func (sh *shell) inside(script string) (string, error) {
	out, status, err := sh.execute("cd /run/changes/root; PATH=/usr/sbin:/usr/bin:/sbin:/bin exec chroot . bash -ec '" +
		strings.ReplaceAll(script, "'", `'\''`) + "'")
	if err == nil && status != 0 {
		err = fmt.Errorf("exit status %d", status)
	}
	return out, err
}

// rootImage makes a disk with a nodes' system.
func rootImage(t *testing.T, root string) string {
	t.Helper()
	image := emptyDisk(t, 1<<30)
	ctx, cancel := context.WithTimeout(t.Context(), prepareLimit)
	defer cancel()
	mke2fs := lab.Need(t, "mke2fs", "e2fsprogs")
	if out, err := exec.CommandContext(ctx, mke2fs, "-q", "-t", "ext4", "-O", "^has_journal", "-d", root, image).CombinedOutput(); err != nil {
		t.Fatalf("make a disk of %s: %v\n%s", root, err, out)
	}
	return image
}
