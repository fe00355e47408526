// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"vblade/test/lab"
)

// emptyDisk makes a file of the given size, in bytes, that takes no space.
func emptyDisk(t *testing.T, size int64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bd-file")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	return path
}

// randomDisk makes a file of the given size, in bytes, full of random data
// that only the seed decides.
func randomDisk(t *testing.T, size int64, seed byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bd-file")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := io.CopyN(f, rand.NewChaCha8([32]byte{seed}), size); err != nil {
		t.Fatal(err)
	}
	return path
}

// ext4Disk makes a file of 16 MiB with an ext4 file system that holds one file.
func ext4Disk(t *testing.T, name, content string) string {
	t.Helper()
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	disk := emptyDisk(t, 16<<20)
	mke2fs := lab.Need(t, "mke2fs", "e2fsprogs")
	if out, err := exec.Command(mke2fs, "-q", "-t", "ext4", "-d", root, disk).CombinedOutput(); err != nil {
		t.Fatalf("make a file system in %s: %v: %s", disk, err, out)
	}
	return disk
}

// loopDevice makes file a block device and returns its name. The device goes
// with its last user, at the latest with this process; detach waits for that.
func loopDevice(t *testing.T, file string) (device string, detach func()) {
	t.Helper()
	f, err := attach(file)
	if err != nil {
		lab.Skip(t, "a loop device: "+err.Error(), "modprobe loop, and run as root")
	}
	t.Cleanup(func() { f.Close() })
	return f.Name(), func() {
		t.Helper()
		if err := f.Close(); err != nil {
			t.Fatalf("detach %s: %v", f.Name(), err)
		}
	}
}

// attach binds file to a free loop device. Another process can take a free
// device first; then attach tries the next.
func attach(file string) (*os.File, error) {
	back, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer back.Close()
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer control.Close()
	for range 10 {
		n, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return nil, fmt.Errorf("find a free loop device: %w", err)
		}
		dev, err := os.OpenFile(fmt.Sprintf("/dev/loop%d", n), os.O_RDWR, 0)
		if err != nil {
			return nil, err
		}
		config := unix.LoopConfig{Fd: uint32(back.Fd())}
		config.Info.Flags = unix.LO_FLAGS_AUTOCLEAR
		if unix.IoctlLoopConfigure(int(dev.Fd()), &config) == nil {
			return dev, nil
		}
		dev.Close()
	}
	return nil, fmt.Errorf("no free loop device would take %s", file)
}

// fileInImage returns the content of a file in an ext2, 3 or 4 file system.
func fileInImage(t *testing.T, image, name string) []byte {
	t.Helper()
	var errs bytes.Buffer
	cmd := exec.Command(lab.Need(t, "debugfs", "e2fsprogs"), "-R", "cat "+name, image)
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil || len(out) == 0 {
		t.Fatalf("read %s in %s: %v, %d bytes: %s", name, image, err, len(out), &errs)
	}
	return out
}

// sum returns the SHA-256 sum of what r holds, as sha256sum prints it.
func sum(t *testing.T, r io.Reader) string {
	t.Helper()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// sumOfFile returns the SHA-256 sum of a file.
func sumOfFile(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return sum(t, f)
}
