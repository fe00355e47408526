// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

// Command demo shows vblade at work on one machine, with nothing but this
// repository: in a network namespace of its own it serves a disk at one end of
// a virtual wire and uses it from the other, checking every byte.
//
//	demo ./vblade
package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"vblade/internal/initiator"
	"vblade/test/lab"
	"vblade/test/peer"
)

// The disk of the demo.
const (
	diskSize = 64 << 20 // bytes
	fileName = "hello.txt"
	fileText = "Hello from the other end of the wire.\n"
	shelf    = 9
)

// main runs the demo.
func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: demo path/to/vblade")
		os.Exit(1)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// run runs the demo with the vblade given and cleans up.
func run(vblade string) error {
	dir, err := os.MkdirTemp("", "vblade-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	image, err := makeDisk(dir)
	if err != nil {
		return err
	}
	host, err := lab.NewHost()
	if err != nil {
		return err
	}
	defer host.Close()
	if err := host.Wire("tgt0", "ini0", 1500); err != nil {
		return err
	}
	say("a private network: tgt0 and ini0, joined by a wire")

	target, err := serve(host, vblade, image)
	if err != nil {
		return err
	}
	defer target.Stop()
	ini, err := peer.OpenInitiator(host, "ini0", initiator.Options{})
	if err != nil {
		return err
	}
	defer ini.Close()
	return use(ini, image, dir)
}

// say prints a step.
func say(format string, args ...any) {
	fmt.Printf("  "+format+"\n", args...)
}

// system runs a program of the system's administration directories.
func system(name string, args ...string) ([]byte, error) {
	path, err := lab.Find(name)
	if err != nil {
		return nil, fmt.Errorf("%w; install Debian's e2fsprogs", err)
	}
	out, err := exec.Command(path, args...).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return out, nil
}

// makeDisk makes a sparse file with a file system that holds a text file.
func makeDisk(dir string) (string, error) {
	root := filepath.Join(dir, "root")
	image := filepath.Join(dir, "disk.img")
	if err := os.Mkdir(root, 0o755); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(root, fileName), []byte(fileText), 0o644); err != nil {
		return "", err
	}
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		return "", err
	}
	if err := os.Truncate(image, diskSize); err != nil {
		return "", err
	}
	if _, err := system("mke2fs", "-q", "-t", "ext4", "-d", root, image); err != nil {
		return "", err
	}
	say("a disk: %d MiB, ext4, holding %s", diskSize>>20, fileName)
	return image, nil
}

// serve starts vblade on the image and waits until it serves.
func serve(host *lab.Host, vblade, image string) (*lab.Process, error) {
	p, err := lab.Launch(exec.Command(vblade, fmt.Sprint(shelf), "0", "tgt0", image), host.Start)
	if err != nil {
		return nil, err
	}
	say("$ vblade %d 0 tgt0 disk.img", shelf)
	say("%s", p.Line)
	return p, nil
}

// use does what an initiator does with a disk.
func use(ini *initiator.Initiator, image, dir string) error {
	targets, err := ini.Discover(10*time.Second, 1)
	if err != nil {
		return err
	}
	if len(targets) == 0 {
		return errors.New("a broadcast query found no target")
	}
	t := targets[0]
	say("found by broadcast: %s at %v, %d sectors a frame, %d requests queued", t.Name(), net.HardwareAddr(t.MAC[:]), t.Sectors, t.Buffers)
	id, err := t.Identify()
	if err != nil {
		return err
	}
	say("it is a %q, firmware %s, serial %s, %d sectors", id.Model, id.Firmware, id.Serial, id.Sectors)
	if id.Sectors*512 != diskSize {
		return fmt.Errorf("%s says it has %d sectors instead of %d", t.Name(), id.Sectors, diskSize/512)
	}
	if err := readAll(t, image, dir); err != nil {
		return err
	}
	if err := writeBlock(t, image); err != nil {
		return err
	}
	fmt.Println("All right: every byte is as it should be.")
	return nil
}

// readAll reads the whole disk over the wire, compares it with the file and
// finds the text file in what was read.
func readAll(t *initiator.Target, image, dir string) error {
	got := make([]byte, diskSize)
	begin := time.Now()
	if _, err := t.ReadAt(got, 0); err != nil {
		return err
	}
	took := time.Since(begin)
	want, err := os.ReadFile(image)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("what was read over the wire is not what is in %s", image)
	}
	say("read the whole disk: %d MiB in %v, equal to the file", diskSize>>20, took.Round(time.Millisecond))
	local := filepath.Join(dir, "read.img")
	if err := os.WriteFile(local, got, 0o600); err != nil {
		return err
	}
	text, err := system("debugfs", "-R", "cat /"+fileName, local)
	if err != nil {
		return err
	}
	if !bytes.Contains(text, []byte(fileText)) {
		return fmt.Errorf("%s is not in the file system that was read: %s", fileName, text)
	}
	say("%s in it says: %s", fileName, strings.TrimSpace(fileText))
	return nil
}

// writeBlock writes a block over the wire and reads it back, over the wire and
// in the file, whose every other byte must be as before.
func writeBlock(t *initiator.Target, image string) error {
	const size, off = 4096, diskSize - 4096
	want, err := os.ReadFile(image)
	if err != nil {
		return err
	}
	if _, err := io.ReadFull(rand.Reader, want[off:off+size]); err != nil {
		return err
	}
	if _, err := t.WriteAt(want[off:off+size], off); err != nil {
		return err
	}
	if err := t.Flush(); err != nil {
		return err
	}
	back := make([]byte, size)
	if _, err := t.ReadAt(back, off); err != nil {
		return err
	}
	now, err := os.ReadFile(image)
	if err != nil {
		return err
	}
	if !bytes.Equal(back, want[off:off+size]) || !bytes.Equal(now, want) {
		return fmt.Errorf("the block written at byte %d did not come back as written", off)
	}
	say("wrote a block of %d random bytes, flushed it, read it back: equal, and nothing else has changed", size)
	return nil
}
