// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"vblade/test/lab"
)

// prepareLimit bounds the making of the guest's root, which takes a second; the
// first time, with a kernel to download, a minute on a slow line.
const prepareLimit = 5 * time.Minute

// guestPrograms are the programs of this machine that the guest gets, beside
// bash and busybox, and the Debian packages they are in.
var guestPrograms = []struct{ name, pkg string }{
	{"aoe-discover", "aoetools"},
	{"aoe-revalidate", "aoetools"},
	{"aoe-stat", "aoetools"},
	{"e2fsck", "e2fsprogs"},
	{"fio", "fio"},
	{"mkfs", "util-linux"},
	{"mkfs.ext3", "e2fsprogs"},
	{"mkfs.ext4", "e2fsprogs"},
	{"resize2fs", "e2fsprogs"},
}

// hostPrograms are the programs this machine uses itself.
var hostPrograms = []struct{ name, pkg string }{
	{"apt-get", "apt"},
	{"bash", "bash"},
	{"busybox", "busybox-static"},
	{"cpio", "cpio"},
	{"debugfs", "e2fsprogs"},
	{"depmod", "kmod"},
	{"dpkg-deb", "dpkg"},
	{"mke2fs", "e2fsprogs"},
	{"qemu-system-x86_64", "qemu-system-x86"},
}

// site is a network with guests on it: everything the tests of one run share.
type site struct {
	host   *lab.Host
	vblade string            // the program under test
	boot   string            // the directory of the guests' vmlinuz and initramfs
	guests map[string]*guest // those running, by their tap device
}

// newSite makes a site for the length of t, without guests, or skips t where
// this machine lacks something. Its guests have more programs, named by their paths.
func newSite(t *testing.T, more ...string) *site {
	t.Helper()
	requested(t)
	for _, p := range append(hostPrograms, guestPrograms...) {
		lab.Need(t, p.name, p.pkg)
	}
	s := &site{
		vblade: programUnderTest(t),
		host:   lab.TestHost(t),
		boot:   t.TempDir(),
		guests: map[string]*guest{},
	}
	s.makeGuestRoot(t, more)
	t.Cleanup(func() {
		for _, g := range s.guests {
			g.kill()
		}
	})
	return s
}

// requested skips t unless somebody wants the tests that take minutes.
func requested(t *testing.T) {
	t.Helper()
	if os.Getenv("VBLADE_E2E") != "1" {
		t.Skip("boots virtual machines: run by `make e2e`")
	}
}

// requestedAll skips t unless somebody wants the tests that are too long for each
// change, too; why says what takes so long.
func requestedAll(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("VBLADE_E2E_ALL") != "1" {
		t.Skip(why + ": run by `make e2e ALL=1`")
	}
}

// programUnderTest finds the vblade to test.
func programUnderTest(t *testing.T) string {
	t.Helper()
	name := os.Getenv("VBLADE")
	if name == "" {
		name = "../../vblade"
	}
	path, err := filepath.Abs(name)
	if err != nil {
		t.Fatalf("find the program under test: %v", err)
	}
	if _, err := os.Stat(path); err != nil {
		lab.Skip(t, "the program under test: "+err.Error(), "run make, or set VBLADE")
	}
	return path
}

// cacheDir is where what takes long to get is kept.
func cacheDir(t *testing.T) string {
	t.Helper()
	if cache := os.Getenv("VBLADE_E2E_CACHE"); cache != "" {
		return cache
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Fatalf("find a place for the guest's kernel: %v (set VBLADE_E2E_CACHE)", err)
	}
	return filepath.Join(dir, "vblade-e2e")
}

// makeGuestRoot makes the kernel and the root file system that guests boot.
func (s *site) makeGuestRoot(t *testing.T, more []string) {
	t.Helper()
	args := []string{"guest/mkguest.sh", cacheDir(t), s.boot}
	for _, p := range guestPrograms {
		args = append(args, p.name)
	}
	args = append(append(args, s.vblade), more...)
	ctx, cancel := context.WithTimeout(t.Context(), prepareLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", args...)
	cmd.WaitDelay = time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make the guest's kernel and root: %v\n%s", err, out)
	}
}
