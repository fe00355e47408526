// SPDX-License-Identifier: GPL-2.0-only

package fdstore_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"vblade/internal/fdstore"
)

// manager is a service manager that stores descriptors, as systemd does.
type manager struct {
	t    *testing.T
	conn *net.UnixConn
	path string

	mu    sync.Mutex
	files []stored
}

// stored is a descriptor with its name.
type stored struct {
	name string
	file *os.File
}

// newManager starts a manager for the length of the test.
func newManager(t *testing.T) *manager {
	t.Helper()
	m := &manager{t: t, path: filepath.Join(t.TempDir(), "notify")}
	var err error
	if m.conn, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: m.path, Net: "unixgram"}); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for m.receive() == nil {
		}
	}()
	t.Cleanup(func() {
		m.conn.Close()
		<-ended
		for _, s := range m.files {
			s.file.Close()
		}
	})
	return m
}

// receive takes a message.
func (m *manager) receive() error {
	text, control := make([]byte, 4096), make([]byte, unix.CmsgSpace(4*200))
	n, oob, _, _, err := m.conn.ReadMsgUnix(text, control)
	if err != nil {
		return err
	}
	var files []*os.File
	messages, _ := unix.ParseSocketControlMessage(control[:oob])
	for i := range messages {
		fds, _ := unix.ParseUnixRights(&messages[i])
		for _, fd := range fds {
			files = append(files, os.NewFile(uintptr(fd), "stored"))
		}
	}
	fields := map[string]string{}
	for _, line := range strings.Split(string(text[:n]), "\n") {
		key, value, _ := strings.Cut(line, "=")
		fields[key] = value
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case fields["FDSTORE"] == "1":
		if fields["FDPOLL"] != "0" {
			m.t.Errorf("%q lacks FDPOLL=0", text[:n])
		}
		for _, f := range files {
			m.files = slices.Insert(m.files, 0, stored{fields["FDNAME"], f})
		}
		return nil
	case fields["FDSTOREREMOVE"] == "1":
		m.files = slices.DeleteFunc(m.files, func(s stored) bool {
			if s.name == fields["FDNAME"] {
				s.file.Close()
			}
			return s.name == fields["FDNAME"]
		})
	case string(text[:n]) == "BARRIER=1" && len(files) == 1:
	default:
		m.t.Errorf("not understood: %q with %d files", text[:n], len(files))
	}
	for _, f := range files {
		f.Close()
	}
	return nil
}

// names returns the names of what is stored.
func (m *manager) names() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var names []string
	for _, s := range m.files {
		names = append(names, s.name)
	}
	slices.Sort(names)
	return names
}

// start runs this program again as a service with what is stored, and returns
// what it prints.
func (m *manager) start(t *testing.T, extra ...stored) string {
	t.Helper()
	m.mu.Lock()
	all := append(slices.Clone(m.files), extra...)
	m.mu.Unlock()
	var names []string
	// LISTEN_PID is known only in the process: a shell sets it and becomes it.
	cmd := exec.Command("/bin/sh", "-c", `LISTEN_PID=$$ exec "$0"`, "/proc/self/exe")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Args[3] = exe
	for _, s := range all {
		names = append(names, s.name)
		cmd.ExtraFiles = append(cmd.ExtraFiles, s.file)
	}
	cmd.Env = append(os.Environ(), "VBLADE_FDSTORE_SERVICE=1", "NOTIFY_SOCKET="+m.path,
		fmt.Sprintf("LISTEN_FDS=%d", len(all)), "LISTEN_FDNAMES="+strings.Join(names, ":"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// TestMain runs the tests, or is the service.
func TestMain(m *testing.M) {
	if os.Getenv("VBLADE_FDSTORE_SERVICE") == "" {
		os.Exit(m.Run())
	}
	kept, warnings := fdstore.New().Restore()
	for _, k := range kept {
		var content []byte
		for _, f := range k.Files {
			b, err := io.ReadAll(io.NewSectionReader(f, 0, 100))
			if err != nil {
				fmt.Println(err)
			}
			content = append(content, b...)
		}
		fmt.Printf("%s %s %d files %s\n", k.Name, k.Parameters, len(k.Files), content)
	}
	for _, w := range warnings {
		fmt.Println(w)
	}
	if os.Getenv("LISTEN_FDS") != "" {
		fmt.Println("LISTEN_FDS is left for others")
	}
}

// newFile returns an open file with content.
func newFile(t *testing.T, content string) *os.File {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(t.TempDir(), "file"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if _, err := f.WriteString(content); err != nil {
		t.Fatal(err)
	}
	return f
}

// TestRestart keeps files, drops some, and has the next processes of the service
// find the others.
func TestRestart(t *testing.T) {
	m := newManager(t)
	t.Setenv("NOTIFY_SOCKET", m.path)
	s := fdstore.New()
	for i := range 3 {
		name := fmt.Sprintf("e9.%d", i)
		f := newFile(t, "content of "+name)
		if err := s.Keep(name, []byte(`{"of":"`+name+`"}`), []*os.File{f, f}); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	if err := s.Drop("e9.1"); err != nil {
		t.Fatal(err)
	}
	if got, want := m.names(), []string{"e9.0", "e9.0", "e9.0-parameters", "e9.2", "e9.2", "e9.2-parameters"}; !slices.Equal(got, want) {
		t.Errorf("stored are %q; want %q", got, want)
	}
	want := "e9.2 {\"of\":\"e9.2\"} 2 files content of e9.2content of e9.2\ne9.0 {\"of\":\"e9.0\"} 2 files content of e9.0content of e9.0\n"
	for range 2 {
		if got := m.start(t); got != want {
			t.Errorf("the service finds\n%swant\n%s", got, want)
		}
	}
}

// TestIncomplete starts a service with what an earlier one had no time to store
// wholly: it is dropped.
func TestIncomplete(t *testing.T) {
	m := newManager(t)
	t.Setenv("NOTIFY_SOCKET", m.path)
	s := fdstore.New()
	if err := s.Keep("e9.0", []byte("whole"), []*os.File{newFile(t, "a")}); err != nil {
		t.Fatal(err)
	}
	part, long := stored{"e9.1", newFile(t, "b")}, stored{"e9.2", newFile(t, "c")}
	longer := stored{"e9.2-parameters", newFile(t, string(bytes.Repeat([]byte{'x'}, fdstore.MaxParameters+1)))}
	alone := stored{"e9.3-parameters", newFile(t, "no file")}
	got := m.start(t, part, long, longer, alone)
	want := "e9.0 whole 1 files a\n" +
		"e9.1 is lost: what the service manager kept of it is not complete: it has no parameters\n" +
		"e9.2 is lost: what the service manager kept of it is not complete: its parameters are longer than 65536 bytes\n"
	if got != want {
		t.Errorf("the service finds\n%swant\n%s", got, want)
	}
}

// TestRoom keeps more than the manager does.
func TestRoom(t *testing.T) {
	m := newManager(t)
	t.Setenv("NOTIFY_SOCKET", m.path)
	t.Setenv("FDSTORE", "5")
	s := fdstore.New()
	f := newFile(t, "x")
	for i, want := range []string{"", "", "the service manager keeps 5 files at the most, and 6 are needed; raise FileDescriptorStoreMax= of the unit"} {
		err := s.Keep(fmt.Sprintf("e9.%d", i), nil, []*os.File{f})
		if (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("number %d: %v; want %s", i, err, want)
		}
	}
	if err := s.Drop("e9.0"); err != nil {
		t.Error(err)
	}
	if err := s.Keep("e9.2", nil, []*os.File{f}); err != nil {
		t.Error(err)
	}
}

// TestNoManager runs without a service manager, and with one that is gone.
func TestNoManager(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	if fdstore.New() != nil {
		t.Error("there is a store")
	}
	t.Setenv("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "gone"))
	err := fdstore.New().Keep("e9.0", nil, []*os.File{newFile(t, "x")})
	if err == nil || !strings.Contains(err.Error(), "tell the service manager: ") {
		t.Errorf("a manager that is gone: %v", err)
	}
}
