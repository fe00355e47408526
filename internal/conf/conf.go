// SPDX-License-Identifier: GPL-2.0-only

package conf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Suffix is the end of a conf file's name.
const Suffix = ".conf"

// maxSize bounds a conf file, in bytes.
const maxSize = 1 << 20

// File is the content of a conf file. Values are unchecked: the user of a value
// checks what it means.
type File struct {
	Path string

	Shelf, Slot string
	Netif       string // one interface or several, separated by commas
	Filename    string
	Options     string // of vblade's command line
	IOnice      string // options of ionice
	HWAddr      string // auto, or MACs, one for each of Netif or one for all; empty for those of the interfaces
	OwnProcess  string // "yes", "no", or empty where the file does not say
}

// variables are the names that a conf file may set, with where their values go.
func (f *File) variables() []variable {
	return []variable{
		{name: "shelf", value: &f.Shelf, needed: true},
		{name: "slot", value: &f.Slot, needed: true},
		{name: "netif", value: &f.Netif, needed: true},
		{name: "filename", value: &f.Filename, needed: true},
		{name: "options", value: &f.Options, mayBeEmpty: true},
		{name: "ionice", value: &f.IOnice, mayBeEmpty: true},
		{name: "hwaddr", value: &f.HWAddr},
		{name: "own_process", value: &f.OwnProcess, check: yesOrNo},
	}
}

// variable is a name that a conf file may set.
type variable struct {
	name       string
	value      *string
	needed     bool               // the file must set it
	mayBeEmpty bool               // to no value
	check      func(string) error // what else its value must be; nil for nothing
	set        bool               // the file has set it
}

// yesOrNo checks a value that is one of these words.
func yesOrNo(value string) error {
	if value == "yes" || value == "no" {
		return nil
	}
	return fmt.Errorf("%q is neither yes nor no", value)
}

// OptionWords is Options as words of a command line.
func (f *File) OptionWords() []string { return strings.FieldsFunc(f.Options, isBlank) }

// Arguments is the command line that the file stands for.
func (f *File) Arguments() []string {
	words := f.OptionWords()
	if f.HWAddr != "" {
		words = append(words, "--hwaddr", f.HWAddr)
	}
	return append(words, "--", f.Shelf, f.Slot, f.Netif, f.Filename)
}

// Name is the name of the export: that of the file without its suffix.
func (f *File) Name() string { return Name(f.Path) }

// Name is the name of the export of a conf file.
func Name(path string) string { return strings.TrimSuffix(filepath.Base(path), Suffix) }

// Read reads a conf file. Its error says what is wrong, in which file and line.
func Read(path string) (*File, error) {
	content, err := load(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, content)
}

// load returns the content of a regular file of at most maxSize bytes.
func load(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: no such file", path)
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err == nil && len(content) > maxSize {
		err = fmt.Errorf("%s: more than %d bytes; this is no conf file", path, maxSize)
	}
	return content, err
}

// Parse reads the content of the conf file at path.
func Parse(path string, content []byte) (*File, error) {
	f := &File{Path: path}
	p := parser{variables: f.variables()}
	for line := range bytes.Lines(content) {
		p.number++
		if err := p.line(strings.TrimSuffix(string(line), "\n")); err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", path, p.number, err)
		}
	}
	for _, v := range p.variables {
		if v.needed && !v.set {
			return nil, fmt.Errorf("%s: %s is not set", path, v.name)
		}
	}
	return f, nil
}

// List returns the paths of the conf files in a directory, in order. A file that
// holds nothing but comments is none.
func List(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if !strings.HasSuffix(path, Suffix) || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if content, err := load(path); err == nil && !saysAnything(content) {
			continue
		}
		paths = append(paths, path) // one that cannot be read too: it is to be said
	}
	return paths, nil
}

// saysAnything reports whether a file's content has more than comments.
func saysAnything(content []byte) bool {
	return slices.ContainsFunc(bytes.Split(content, []byte("\n")), func(line []byte) bool {
		line = bytes.TrimSpace(line)
		return len(line) > 0 && line[0] != '#'
	})
}
