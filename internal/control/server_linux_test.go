// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
)

// TestAdd adds exports of several kinds; each arrives as it was meant, and the
// engine has its disk open after the client has closed it.
func TestAdd(t *testing.T) {
	r := startServer(t)
	for i, change := range []func(*Export){
		func(*Export) {},
		func(e *Export) { e.File = ata.Options{ReadOnly: true} },
		func(e *Export) { e.File = ata.Options{Offset: 3, Length: 4} },
		func(e *Export) { e.File = ata.Options{Sync: true, Writers: 66} },
		func(e *Export) { e.Links, e.Buffers, e.Masks = []string{"eth0", "eth1.5"}, 65535, masks(128) },
		func(e *Export) {
			e.Links, e.HWAddr = []string{"eth0", "eth1"}, []aoe.MAC{{2, 5: 1}, {2, 5: 2}}
		},
	} {
		e := newExport(t, 9, uint8(i), change)
		a := r.mustAdd(e)
		e.Disk.Close()
		if a.PID != os.Getpid() || len(a.Exports) != 1 || a.Exports[0].Sectors != e.sectors() || a.Exports[0].Name != e.Name() {
			t.Errorf("%s: %+v", e.Name(), a)
		}
		got := r.engine.get(e.Name())
		want := *e
		want.Disk, want.File.Writers = got.Disk, 0
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s came as\n%+v\nwant\n%+v", e.Name(), got, want)
		}
		if got.Disk.Size() != e.Disk.Size() || !got.Disk.SameFile(e.Disk) || len(got.Disk.Descriptors()) != len(e.Disk.Descriptors()) {
			t.Errorf("%s: its disk is another", e.Name())
		}
	}
	a, err := r.Status("")
	if err != nil || len(a.Exports) != 6 || a.Exports[4].Name != "e9.4" || !slices.Equal(a.Exports[4].Links, []string{"eth0", "eth1.5"}) ||
		!slices.Equal(a.Exports[5].HWAddr, []string{"020000000001", "020000000002"}) {
		t.Errorf("status: %+v, %v", a, err)
	}
	if want := fmt.Sprintf("info: control: uid %d, pid %d: add e9.1: ", os.Getuid(), os.Getpid()); !strings.Contains(r.journal.Leveled(), want) {
		t.Errorf("the log is\n%swant %q", r.journal, want)
	}
}

// TestAddAgain adds what is there, the same and otherwise.
func TestAddAgain(t *testing.T) {
	r := startServer(t)
	e := newExport(t, 9, 0, func(e *Export) {
		e.Links, e.Masks, e.HWAddr = []string{"eth0", "eth1"}, masks(2), []aoe.MAC{{2, 5: 1}, {2, 5: 2}}
	})
	r.mustAdd(e)
	link := e.Filename + ".link"
	if err := os.Symlink(e.Filename, link); err != nil {
		t.Fatal(err)
	}
	other := newExport(t, 9, 0)
	for _, c := range []struct {
		name   string
		change func(*Export)
		same   bool
	}{
		{"the same", func(*Export) {}, true},
		{"by another name", func(e *Export) { e.Filename = link }, true},
		{"links and masks in another order", func(e *Export) {
			slices.Reverse(e.Links)
			slices.Reverse(e.HWAddr)
			slices.Reverse(e.Masks)
		}, true},
		{"announced again", func(e *Export) { e.Announce = time.Second }, false},
		{"another file", func(e *Export) { e.Filename = other.Filename }, false},
		{"one link less", func(e *Export) { e.Links, e.HWAddr = e.Links[:1], e.HWAddr[:1] }, false},
		{"own addresses exchanged", func(e *Export) { slices.Reverse(e.HWAddr) }, false},
		{"no own addresses", func(e *Export) { e.HWAddr = nil }, false},
		{"another mask", func(e *Export) { e.Masks = masks(3)[1:] }, false},
		{"read-only", func(e *Export) { e.File.ReadOnly = true }, false},
		{"a window", func(e *Export) { e.File.Length = 16 }, false},
		{"more buffers", func(e *Export) { e.Buffers++ }, false},
	} {
		again := *e
		again.Links, again.Masks, again.HWAddr = slices.Clone(e.Links), slices.Clone(e.Masks), slices.Clone(e.HWAddr)
		c.change(&again)
		openDisk(t, &again)
		a, err := r.Add(&again)
		again.Disk.Close()
		if c.same {
			if err != nil || len(a.Exports) != 1 {
				t.Errorf("%s: %+v, %v", c.name, a, err)
			}
			continue
		}
		wantError(t, c.name, err, "e9.0 is served already, but not with the same ")
		wantError(t, c.name, err, ": "+e.describe()+"; give another shelf or slot, or first: vblade remove e9.0")
	}
	if n := r.engine.count(); n != 1 {
		t.Errorf("%d exports", n)
	}
}

// TestRemove removes exports.
func TestRemove(t *testing.T) {
	r := startServer(t)
	for slot := range uint8(2) {
		r.mustAdd(newExport(t, 9, slot))
	}
	if _, err := r.Remove("e9.0"); err != nil {
		t.Error(err)
	}
	_, err := r.Remove("e9.0")
	wantError(t, "remove it again", err, "e9.0 is not served here; vblade status lists what is")
	_, err = r.Status("e9.0")
	wantError(t, "its status", err, "e9.0 is not served here")
	_, err = r.Remove("x")
	wantError(t, "no address", err, `"x" is no address; write e<shelf>.<slot>, such as e9.0`)
	r.engine.set(func() { r.engine.undone = errors.New("the disk hangs") })
	_, err = r.Remove("e9.1")
	wantError(t, "a disk that hangs", err, "e9.1 is removed, but: the disk hangs")
	if a, err := r.Status(""); err != nil || len(a.Exports) != 0 {
		t.Errorf("status: %+v, %v", a, err)
	}
	r.engine.set(func() { r.engine.undone = nil })
	r.mustAdd(newExport(t, 9, 0))
}

// TestAnnounce has exports advertised: one, all, one that is not there, and one
// that cannot be served.
func TestAnnounce(t *testing.T) {
	r := startServer(t)
	r.mustAdd(newExport(t, 9, 0))
	r.mustAdd(newExport(t, 9, 1, func(e *Export) { e.Links = []string{"eth9"} }))
	for _, c := range []struct {
		name, want, warning string
	}{
		{"e9.0", "e9.0", ""},
		{"e9.1", "e9.1", "eth9: no carrier; what is served there is announced once the link is back"},
		{"", "e9.0 e9.1", "eth9: no carrier; what is served there is announced once the link is back"},
	} {
		r.engine.set(func() { r.engine.announced = nil })
		a, err := r.Announce(c.name)
		if err != nil || strings.Join(a.Warnings, "\n") != c.warning {
			t.Errorf("%q: %+v, %v", c.name, a, err)
		}
		r.engine.set(func() {
			slices.Sort(r.engine.announced)
			if got := strings.Join(r.engine.announced, " "); got != c.want {
				t.Errorf("%q announces %q; want %q", c.name, got, c.want)
			}
		})
	}
	_, err := r.Announce("e9.2")
	wantError(t, "what is not there", err, "e9.2 is not served here; vblade status lists what is")
	r.engine.set(func() { r.engine.add = func(Export) error { return errors.New("eth7 is gone") } })
	r.Server.Restore([]*Export{newExport(t, 9, 3)})
	_, err = r.Announce("e9.3")
	wantError(t, "what cannot be served", err, "e9.3 is not served: eth7 is gone")
}

// TestAnnounceRefused adds exports that are to be announced too seldom, or never.
func TestAnnounceRefused(t *testing.T) {
	r := startServer(t)
	for want, every := range map[string]time.Duration{
		"announced every 86401 seconds; give 0 for never, up to 86400": 86401 * time.Second,
		"announced every -1 seconds; give 0 for never, up to 86400":    -time.Second,
	} {
		_, err := r.Add(newExport(t, 9, 0, func(e *Export) { e.Announce = every }))
		wantError(t, want, err, want)
	}
}

// TestEngineRefuses adds what the engine does not serve.
func TestEngineRefuses(t *testing.T) {
	r := startServer(t)
	r.engine.set(func() {
		r.engine.add = func(Export) error { return errors.New("interface eth0: no such network interface") }
	})
	_, err := r.Add(newExport(t, 9, 0))
	wantError(t, "add", err, "interface eth0: no such network interface")
	r.engine.set(func() { r.engine.add = nil })
	r.mustAdd(newExport(t, 9, 0))
}

// hangAdd makes the next addition of an export wait. It closes entered once the
// addition has begun; when the test closes leave, the addition ends with err.
func (r *running) hangAdd(err error) (entered, leave chan struct{}) {
	entered, leave = make(chan struct{}), make(chan struct{})
	r.engine.set(func() {
		r.engine.add = func(Export) error {
			close(entered)
			<-leave
			return err
		}
	})
	return entered, leave
}

// TestBusy adds and removes an export while it is being added: the second waits
// until it can be done.
func TestBusy(t *testing.T) {
	r := startServer(t)
	entered, leave := r.hangAdd(nil)
	e := newExport(t, 9, 0)
	added := make(chan error)
	go func() {
		_, err := r.Add(e)
		added <- err
	}()
	<-entered
	var all sync.WaitGroup
	for range 2 {
		all.Add(1)
		go func() {
			defer all.Done()
			if _, err := r.askOnce(&request{Vblade: protocol, Do: doRemove, Name: "e9.0"}, nil); err == nil || !strings.Contains(err.Error(), "e9.0 is being added; try again") {
				t.Errorf("remove at once: %v", err)
			}
		}()
	}
	all.Wait()
	a, err := r.Status("e9.0")
	if err != nil || a.Exports[0].Trouble != "e9.0 is being added" {
		t.Errorf("status: %+v, %v", a, err)
	}
	removed := make(chan error)
	go func() {
		_, err := r.Remove("e9.0")
		removed <- err
	}()
	close(leave)
	for _, done := range []chan error{added, removed} {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// TestEndWithHungRequest ends a server while a request hangs.
func TestEndWithHungRequest(t *testing.T) {
	r := startServer(t)
	entered, leave := r.hangAdd(errors.New("it took too long"))
	e := newExport(t, 9, 0)
	conn, err := dial(r.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	w := wire{conn}
	if err := w.send(&request{Vblade: protocol, Do: doAdd, Export: e.parameters()}, e.Disk.Descriptors(), patience); err != nil {
		t.Fatal(err)
	}
	<-entered
	r.end()
	if err := r.wait(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(r.journal.Leveled(), "warning: control: a request does not end; it is given up") {
		t.Errorf("the log is\n%s", r.journal)
	}
	close(leave)
	_, _, err = w.hear(0, patience)
	wantError(t, "add", err, "it took too long")
	if _, err := conn.Read(make([]byte, 1)); err != io.EOF { // then it is closed there
		t.Error(err)
	}
	conn.Close()
	e.Disk.Close()
	r.err <- nil // for the end of the test
}

// TestMany adds and removes exports at once from many clients.
func TestMany(t *testing.T) {
	r := startServer(t)
	var all sync.WaitGroup
	for i := range 200 {
		e := newExport(t, uint16(i), uint8(i), func(e *Export) { e.File.ReadOnly = i%2 == 0 })
		all.Add(1)
		go func() {
			defer all.Done()
			if _, err := r.Add(e); err != nil {
				t.Error(err)
			}
			e.Disk.Close()
			if i%4 == 0 {
				if _, err := r.Remove(e.Name()); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	all.Wait()
	if a, err := r.Status(""); err != nil || len(a.Exports) != 150 || r.engine.count() != 150 {
		t.Errorf("%d exports, %v", r.engine.count(), err)
	}
}

// TestLevels does what the log tells: what a client did is good to know, what was
// refused may need to be looked at, and what is not served is an error.
func TestLevels(t *testing.T) {
	r := startServer(t)
	e := newExport(t, 9, 0)
	r.mustAdd(e)
	if _, err := r.Remove("e9.1"); err == nil {
		t.Error("what is not served is removed")
	}
	if _, err := r.Remove("e9.0"); err != nil {
		t.Error(err)
	}
	r.engine.set(func() { r.engine.add = func(Export) error { return errors.New("no such interface") } })
	r.Server.Restore([]*Export{newExport(t, 9, 2)})
	who := fmt.Sprintf("control: uid %d, pid %d: ", os.Getuid(), os.Getpid())
	want := "info: " + who + "add e9.0: " + e.describe() + "\n" +
		"warning: " + who + "remove e9.1: e9.1 is not served here; vblade status lists what is\n" +
		"info: " + who + "remove e9.0: done\n" +
		"error: e9.2 is not served again: no such interface; retrying\n"
	if got := r.journal.Leveled(); got != want {
		t.Errorf("logged is\n%swant\n%s", got, want)
	}
}
