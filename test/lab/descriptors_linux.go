// SPDX-License-Identifier: GPL-2.0-only

package lab

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// Manager is a service manager that stores descriptors for a service, as systemd
// does: what FDSTORE=1 hands it, the next process of the service gets.
type Manager struct {
	Path string // its notify socket

	t    testing.TB
	conn *net.UnixConn

	mu    sync.Mutex
	files []Stored
}

// Stored is a descriptor with its name.
type Stored struct {
	Name string
	File *os.File
}

// NewManager starts a Manager for the length of the test.
func NewManager(t testing.TB) *Manager {
	t.Helper()
	m := &Manager{t: t, Path: filepath.Join(t.TempDir(), "notify")}
	var err error
	if m.conn, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: m.Path, Net: "unixgram"}); err != nil {
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
			s.File.Close()
		}
	})
	return m
}

// receive takes a message.
func (m *Manager) receive() error {
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
	m.do(fields, files)
	return nil
}

// do does what a message asks for. The pipe of BARRIER=1 is closed.
func (m *Manager) do(fields map[string]string, files []*os.File) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if fields["FDSTORE"] == "1" {
		if fields["FDPOLL"] != "0" {
			m.t.Errorf("%q lacks FDPOLL=0", fields)
		}
		for _, f := range files { // in no order that a service may rely on
			m.files = slices.Insert(m.files, 0, Stored{fields["FDNAME"], f})
		}
		return
	}
	if fields["FDSTOREREMOVE"] == "1" {
		m.files = slices.DeleteFunc(m.files, func(s Stored) bool {
			if s.Name == fields["FDNAME"] {
				s.File.Close()
			}
			return s.Name == fields["FDNAME"]
		})
	}
	for _, f := range files {
		f.Close()
	}
}

// Names returns the names of what is stored.
func (m *Manager) Names() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var names []string
	for _, s := range m.files {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	return names
}

// Service returns the command line that starts a process of the service, and the
// files that it gets: what is stored and more. LISTEN_PID is known only in the
// process, so that a shell sets it and becomes it.
func (m *Manager) Service(command []string, more ...Stored) (args []string, files []*os.File) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var names []string
	for _, s := range append(slices.Clone(m.files), more...) {
		names = append(names, s.Name)
		files = append(files, s.File)
	}
	args = []string{"/bin/sh", "-c", `LISTEN_PID=$$; export LISTEN_PID; exec "$@"`, "sh", "/usr/bin/env", "NOTIFY_SOCKET=" + m.Path,
		fmt.Sprintf("LISTEN_FDS=%d", len(files)), "LISTEN_FDNAMES=" + strings.Join(names, ":")}
	return append(args, command...), files
}
