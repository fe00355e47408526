// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"vblade/test/lab"
)

// emptyDisk makes a file of a size, in bytes, that takes no space.
func emptyDisk(t *testing.T, size int64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bd-file")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
	return path
}

// randomDisk makes a file of a size, in bytes, full of random data that only the
// seed decides.
func randomDisk(t *testing.T, size int, seed byte) string {
	t.Helper()
	data := make([]byte, size)
	rand.NewChaCha8([32]byte{seed}).Read(data)
	path := filepath.Join(t.TempDir(), "bd-file")
	if err := os.WriteFile(path, data, 0o644); err != nil {
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
