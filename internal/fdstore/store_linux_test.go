// SPDX-License-Identifier: GPL-2.0-only

package fdstore_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vblade/internal/fdstore"
	"vblade/test/lab"
)

// start runs this program again as a service and returns what it prints.
func start(t *testing.T, m *lab.Manager, extra ...lab.Stored) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out, err := m.Command([]string{"env", "VBLADE_FDSTORE_SERVICE=1", exe}, extra...).CombinedOutput()
	m.Names() // by its lock, the manager closes files after they were passed on
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// TestMain runs the tests, or is the service.
func TestMain(m *testing.M) {
	switch os.Getenv("VBLADE_FDSTORE_SERVICE") {
	case "":
		os.Exit(m.Run())
	case "keeps":
		keepForever()
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
	m := lab.NewManager(t)
	t.Setenv("NOTIFY_SOCKET", m.Path)
	s := fdstore.New()
	for i := range 3 {
		name := fmt.Sprintf("e9.%d", i)
		f, g := newFile(t, "content of "+name), newFile(t, "content of "+name) // the same one twice would be kept once
		if err := s.Keep(name, []byte(`{"of":"`+name+`"}`), []*os.File{f, g}); err != nil {
			t.Fatal(err)
		}
		f.Close()
		g.Close()
	}
	if err := s.Drop("e9.1"); err != nil {
		t.Fatal(err)
	}
	if got, want := m.Names(), []string{"e9.0", "e9.0", "e9.0-parameters", "e9.2", "e9.2", "e9.2-parameters"}; !slices.Equal(got, want) {
		t.Errorf("stored are %q; want %q", got, want)
	}
	want := "e9.2 {\"of\":\"e9.2\"} 2 files content of e9.2content of e9.2\ne9.0 {\"of\":\"e9.0\"} 2 files content of e9.0content of e9.0\n"
	for range 2 {
		if got := start(t, m); got != want {
			t.Errorf("the service finds\n%swant\n%s", got, want)
		}
	}
}

// TestReplace keeps something else under a name, with a file that both have: the
// next process finds the new one, whole. If there is no room for it, it finds
// neither.
func TestReplace(t *testing.T) {
	m := lab.NewManager(t)
	t.Setenv("NOTIFY_SOCKET", m.Path)
	t.Setenv("FDSTORE", "4")
	s := fdstore.New()
	both := newFile(t, "both")
	keep := func(parameters string, files ...*os.File) error {
		return s.Keep("e9.0", []byte(parameters), append(files, both))
	}
	for _, c := range []struct{ parameters, content string }{{"first", "a"}, {"second", "b"}} {
		if err := keep(c.parameters, newFile(t, c.content)); err != nil {
			t.Fatal(err)
		}
		if got, want := start(t, m), fmt.Sprintf("e9.0 %s 2 files both%s\n", c.parameters, c.content); got != want {
			t.Errorf("the service finds %swant %s", got, want)
		}
	}
	if err := keep("too many", newFile(t, "c"), newFile(t, "d"), newFile(t, "e")); err == nil {
		t.Error("it keeps more than there is room for")
	}
	if got := start(t, m); got != "" {
		t.Errorf("without room the service finds %s", got)
	}
}

// keepForever keeps this program under a name, again and again, and prints a line once
// it has.
func keepForever() {
	f, err := os.Open("/proc/self/exe")
	if err != nil {
		panic(err)
	}
	for s, n := fdstore.New(), 0; ; n++ {
		if err := s.Keep("e9.0", nil, []*os.File{f}); err != nil {
			panic(err)
		}
		if n == 0 {
			fmt.Println("kept")
		}
	}
}

// TestKilled kills processes while they keep something else under a name: the one or
// the other is kept, whole.
func TestKilled(t *testing.T) {
	m := lab.NewManager(t)
	t.Setenv("NOTIFY_SOCKET", m.Path)
	t.Setenv("VBLADE_FDSTORE_SERVICE", "keeps")
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 60 {
		m.Forget()
		p, err := lab.Launch(exec.Command("/proc/self/exe"), (*exec.Cmd).Start)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(random.IntN(2000)) * time.Microsecond) // so that the kill comes anywhere
		p.Kill()
		if s := p.Stderr(); s != "" {
			t.Fatal(s)
		}
		if err := fdstore.New().Drop("e9.1"); err != nil { // what the process has sent has arrived then
			t.Fatal(err)
		}
		if names := m.Names(); !slices.Equal(names, []string{"e9.0", "e9.0-parameters"}) {
			t.Fatalf("killed in round %d, it leaves %q", round, names)
		}
	}
}

// TestIncomplete starts a service with what an earlier one had no time to store
// wholly: it is dropped.
func TestIncomplete(t *testing.T) {
	m := lab.NewManager(t)
	t.Setenv("NOTIFY_SOCKET", m.Path)
	s := fdstore.New()
	if err := s.Keep("e9.0", []byte("whole"), []*os.File{newFile(t, "a")}); err != nil {
		t.Fatal(err)
	}
	part, long := lab.Stored{Name: "e9.1", File: newFile(t, "b")}, lab.Stored{Name: "e9.2", File: newFile(t, "c")}
	longer := lab.Stored{Name: "e9.2-parameters", File: newFile(t, string(bytes.Repeat([]byte{'x'}, fdstore.MaxParameters+1)))}
	alone := lab.Stored{Name: "e9.3-parameters", File: newFile(t, "no file")}
	got := start(t, m, part, long, longer, alone)
	want := "e9.0 whole 1 files a\n" +
		"e9.1 is lost: what the service manager kept of it is not complete: it has no parameters\n" +
		"e9.2 is lost: what the service manager kept of it is not complete: its parameters are longer than 65536 bytes\n"
	if got != want {
		t.Errorf("the service finds\n%swant\n%s", got, want)
	}
}

// TestRoom keeps more than the manager does.
func TestRoom(t *testing.T) {
	m := lab.NewManager(t)
	t.Setenv("NOTIFY_SOCKET", m.Path)
	t.Setenv("FDSTORE", "5")
	s := fdstore.New()
	f := newFile(t, "x")
	for i, want := range []string{"", "", "the service manager keeps at most 5 files, and 6 are needed; raise FileDescriptorStoreMax= of the unit"} {
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
