// SPDX-License-Identifier: GPL-2.0-only

package lab

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// managerKeeps is the most descriptors that a Manager stores.
const managerKeeps = 1024

// Manager is a service manager that stores descriptors for a service, as systemd
// does (sd_notify(3)): what FDSTORE=1 hands it, the next process of the service
// gets.
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
		m.Forget()
	})
	return m
}

// receive takes a message.
func (m *Manager) receive() error {
	text, control := make([]byte, 4096), make([]byte, unix.CmsgSpace(4*253)) // what a message may carry
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

// do does what a message asks for, and closes the descriptors in it that are not
// stored: a barrier (sd_notify_barrier(3)) waits for that.
func (m *Manager) do(fields map[string]string, files []*os.File) {
	m.mu.Lock()
	defer m.mu.Unlock()
	store := fields["FDSTORE"] == "1"
	if store && fields["FDPOLL"] != "0" {
		m.t.Errorf("%q lacks FDPOLL=0", fields)
	}
	for _, f := range files {
		if s := (Stored{fields["FDNAME"], f}); store && !m.has(s) && len(m.files) < managerKeeps {
			m.files = slices.Insert(m.files, 0, s) // in no order that a service may rely on
		} else {
			f.Close()
		}
	}
	if fields["FDSTOREREMOVE"] == "1" {
		m.forget(func(s Stored) bool { return s.Name == fields["FDNAME"] })
	}
}

// has reports whether an open file is stored under the same name. The caller
// holds m.mu.
func (m *Manager) has(s Stored) bool {
	const kcmpFile = 0
	pid := uintptr(os.Getpid())
	return slices.ContainsFunc(m.files, func(other Stored) bool {
		order, _, errno := unix.Syscall6(unix.SYS_KCMP, pid, pid, kcmpFile, s.File.Fd(), other.File.Fd(), 0)
		return other.Name == s.Name && errno == 0 && order == 0
	})
}

// forget closes some of what is stored. The caller holds m.mu.
func (m *Manager) forget(which func(Stored) bool) {
	m.files = slices.DeleteFunc(m.files, func(s Stored) bool {
		gone := which(s)
		if gone {
			s.File.Close()
		}
		return gone
	})
}

// Forget closes all that is stored.
func (m *Manager) Forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget(func(Stored) bool { return true })
}

// Names returns the names of what is stored, sorted.
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

// Command returns the command that starts a process of the service, which gets
// what is stored and more. LISTEN_PID is known only in the process, so a shell
// sets it and then executes the command.
func (m *Manager) Command(command []string, more ...Stored) *exec.Cmd {
	m.mu.Lock()
	defer m.mu.Unlock()
	shell := []string{"-c", `[ "$LISTEN_FDS" = 0 ] && unset LISTEN_FDS LISTEN_FDNAMES || export LISTEN_PID=$$; exec "$@"`, "sh"}
	cmd := exec.Command("/bin/sh", append(shell, command...)...)
	var names []string
	for _, s := range append(slices.Clone(m.files), more...) {
		names = append(names, s.Name)
		cmd.ExtraFiles = append(cmd.ExtraFiles, s.File)
	}
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+m.Path, fmt.Sprint("FDSTORE=", managerKeeps),
		fmt.Sprint("LISTEN_FDS=", len(names)), "LISTEN_FDNAMES="+strings.Join(names, ":"))
	return cmd
}

// StartCommand is Host.StartCommand for a command that Command has returned: nothing
// that the process gets is closed before it has started.
func (m *Manager) StartCommand(h *Host, cmd *exec.Cmd) *Process {
	m.t.Helper()
	return launch(m.t, cmd, func(cmd *exec.Cmd) error {
		m.mu.Lock()
		defer m.mu.Unlock()
		return h.Start(cmd)
	})
}
