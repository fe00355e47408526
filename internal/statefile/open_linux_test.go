// SPDX-License-Identifier: GPL-2.0-only

package statefile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"vblade/internal/aoe"
	"vblade/internal/blade"
)

// mustOpen opens the state of e9.3 in a directory, for the length of the test, and
// checks what that warns of.
func mustOpen(t *testing.T, dir, warning string) *File {
	t.Helper()
	f, warned, err := Open(dir, of)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if got := fmt.Sprint(warned); warning == "" && warned != nil || warning != "" && got != warning {
		t.Errorf("warns of %q; want %q", got, warning)
	}
	return f
}

// TestOpen makes a file, saves a state, and finds it again, under the same path
// and by the descriptor.
func TestOpen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	f := mustOpen(t, dir, "")
	for path, want := range map[string]fs.FileMode{dir: fs.ModeDir | 0o700, dir + "/e9.3.state": 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v; want %v", path, info.Mode(), err, want)
		}
	}
	if f.kept != (blade.State{}) {
		t.Error("a new file is not empty")
	}
	s := randomState(t, rand.New(rand.NewPCG(5, 5)))
	if err := f.Save(s); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(f.Path()); err != nil || info.Size() != Size {
		t.Errorf("the file has %d bytes, %v", info.Size(), err)
	}
	copied, err := f.Duplicate()
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	handed, err := FromDescriptor(f.Path(), of, copied.Descriptor())
	if err != nil {
		t.Fatal(err)
	}
	if err := handed.Lock(); err != nil {
		t.Error(err)
	}
	if got, err := handed.Load(); err != nil || *got != *s {
		t.Errorf("the descriptor has another state: %v", err)
	}
	if other := mustOpen(t, dir, ""); !other.InUse() {
		t.Error("the file is not in use, although a descriptor of it is")
	} else if err := other.Lock(); err == nil || err.Error() != f.Path()+" is in use by another process: e9.3 is served elsewhere, or was just now" {
		t.Errorf("it can be locked twice: %v", err)
	}
	handed.Close()
	if f = mustOpen(t, dir, ""); f.InUse() || f.kept != *s {
		t.Error("the file is in use, or has another state, after its end")
	}
}

// TestUnusableFile has a file that cannot be used be set aside, and a new one in
// its place.
func TestUnusableFile(t *testing.T) {
	s := longest(t)
	whole := append(encode(of, 1, s), encode(of, 2, s)...)
	torn := bytes.Clone(whole)
	torn[100]++
	torn[RecordSize+100]++
	half := bytes.Clone(whole)
	half[RecordSize+4000]++
	newer := bytes.Clone(whole)
	copy(newer, "vblade state 2")
	copy(newer[RecordSize:], "vblade state 2")
	for name, c := range map[string]struct {
		content []byte
		why     string
	}{
		"torn":        {torn, "it is not whole"},
		"half torn":   {half, ""},
		"foreign":     {bytes.Repeat([]byte("text\n"), 2000)[:Size], "it is no state of vblade"},
		"newer":       {newer, "it is no state of vblade"},
		"zeros":       {make([]byte, Size), "it is no state of vblade"},
		"cut":         {whole[:Size-1], "it is no state of vblade"},
		"long":        {append(bytes.Clone(whole), 0), "it is no state of vblade"},
		"of another":  {append(encode(aoe.Address{Shelf: 9, Slot: 4}, 1, s), encode(aoe.Address{Shelf: 9, Slot: 4}, 2, s)...), "it is the state of e9.4"},
		"empty, new":  {[]byte{}, ""},
		"not written": {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := dir + "/e9.3.state"
			warning := ""
			if c.content != nil {
				if err := os.WriteFile(path, c.content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if c.why != "" {
				warning = path + " cannot be used: " + c.why + "; it is set aside as " + path + ".bad: config string, masks and reservation of e9.3 that were kept are not in force"
			}
			f := mustOpen(t, dir, warning)
			if empty := f.kept == (blade.State{}); empty == (name == "half torn") {
				t.Errorf("the state is empty: %v", empty)
			}
			if aside, err := os.ReadFile(path + ".bad"); c.why != "" && !bytes.Equal(aside, c.content) || c.why == "" && err == nil {
				t.Errorf("what is set aside: %d bytes, %v", len(aside), err)
			}
			if err := f.Save(s); err != nil {
				t.Error(err)
			}
			f.Close()
			if f = mustOpen(t, dir, ""); f.kept != *s {
				t.Error("what was saved then is not kept")
			}
		})
	}
}

// TestUnusablePath names what stands in the way of a file.
func TestUnusablePath(t *testing.T) {
	for name, c := range map[string]struct {
		make func(path string) error
		want string
	}{
		"directory": {func(path string) error { return os.Mkdir(path, 0o700) }, "open PATH: is a directory"},
		"link":      {func(path string) error { return os.Symlink("/etc/passwd", path) }, "open PATH: it is no regular file; move it away"},
		"pipe":      {func(path string) error { return unix.Mkfifo(path, 0o600) }, "open PATH: it is no regular file; move it away"},
		"no parent": {func(path string) error { return os.Remove(filepath.Dir(path)) }, ""},
		"a file": {func(path string) error {
			return errors.Join(os.Remove(filepath.Dir(path)), os.WriteFile(filepath.Dir(path), nil, 0o600))
		}, "open PATH: not a directory"},
		"bad taken": {func(path string) error {
			return errors.Join(os.WriteFile(path, []byte("x"), 0o600), os.Mkdir(path+".bad", 0o700))
		}, "PATH cannot be used: it is no state of vblade; move it away: rename PATH PATH.bad: file exists"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "state")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			path := dir + "/e9.3.state"
			if err := c.make(path); err != nil {
				t.Fatal(err)
			}
			_, warned, err := Open(dir, of)
			got := strings.ReplaceAll(fmt.Sprint(err), path, "PATH")
			if c.want != "" && got != c.want || (err != nil) != (c.want != "") || warned != nil {
				t.Errorf("%q, warns of %v; want %q", got, warned, c.want)
			}
		})
	}
	if _, _, err := Open(filepath.Join(t.TempDir(), "no", "state"), of); err == nil || !strings.HasSuffix(err.Error(), "/no is not there") {
		t.Errorf("without a parent directory: %v", err)
	}
}

// TestFind finds a file that another has open, and makes none.
func TestFind(t *testing.T) {
	dir := t.TempDir()
	none := func(what string) {
		t.Helper()
		if f, err := Find(dir, of); f != nil || err != nil {
			t.Errorf("%s: %v, %v", what, f, err)
		}
	}
	none("no file")
	if names, err := os.ReadDir(dir); err != nil || len(names) != 0 {
		t.Errorf("the directory has %v, %v", names, err)
	}
	f := mustOpen(t, dir, "")
	found, err := Find(dir, of)
	if err != nil || found.ID() != f.ID() || found.Path() != f.Path() {
		t.Fatalf("it finds another: %v", err)
	}
	found.Close()
	if err := os.Truncate(f.Path(), 7); err != nil {
		t.Fatal(err)
	}
	none("a file that is cut")
}

// TestForeignDescriptor refuses descriptors that Open has not opened.
func TestForeignDescriptor(t *testing.T) {
	f := mustOpen(t, t.TempDir(), "")
	short := filepath.Join(t.TempDir(), "short")
	if err := os.WriteFile(short, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path  string
		flags int
		want  string
	}{
		{f.Path(), os.O_RDONLY, "open STATE: the descriptor is not open for reading and writing"},
		{f.Path(), os.O_WRONLY, "open STATE: the descriptor is not open for reading and writing"},
		{f.Path(), os.O_RDWR | os.O_APPEND, "open STATE: the descriptor is not open for reading and writing"},
		{short, os.O_RDWR, "open STATE: the descriptor is of a file of 1 bytes, not 8192"},
		{"/dev/null", os.O_RDWR, "open STATE: the descriptor is of no regular file"},
	} {
		file, err := os.OpenFile(c.path, c.flags, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := FromDescriptor("STATE", of, file); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v; want %s", c.path, err, c.want)
		}
		if file.Close() == nil {
			t.Errorf("%s: the descriptor stays open", c.path)
		}
	}
}
