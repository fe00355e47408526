// SPDX-License-Identifier: GPL-2.0-only

package lab

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// keeper is what a service manager is to a server: it keeps descriptors for its
// successor (FDSTORE, systemd's sd_notify(3)).
type keeper struct {
	path string // of its socket
	conn *net.UnixConn

	mu   sync.Mutex
	kept []*os.File // each with the name that the server gave it
}

// The names of kept descriptors go by the name of a file: keptName is what stands
// before it.
const keptName = "kept:"

// newKeeper returns a keeper for the length of a test.
func newKeeper(t testing.TB) *keeper {
	t.Helper()
	k := &keeper{path: filepath.Join(t.TempDir(), "notify")}
	var err error
	if k.conn, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: k.path, Net: "unixgram"}); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		k.listen()
	}()
	t.Cleanup(func() {
		k.conn.Close()
		<-ended
		k.forget(func(string) bool { return true })
	})
	return k
}

// listen takes messages until the socket is closed.
func (k *keeper) listen() {
	buf, oob := make([]byte, 4096), make([]byte, unix.CmsgSpace(253*4))
	for {
		n, m, _, _, err := k.conn.ReadMsgUnix(buf, oob)
		if err != nil {
			return
		}
		k.take(string(buf[:n]), descriptors(oob[:m]))
	}
}

// descriptors returns what came with a message.
func descriptors(oob []byte) []int {
	var fds []int
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil
	}
	for _, m := range messages {
		if rights, err := unix.ParseUnixRights(&m); err == nil {
			fds = append(fds, rights...)
		}
	}
	return fds
}

// take does what a message says. What comes with another message than FDSTORE is
// closed: a barrier (sd_notify_barrier(3)) waits for that.
func (k *keeper) take(message string, fds []int) {
	store, remove, name := false, false, "stored"
	for _, line := range strings.Split(message, "\n") {
		key, value, _ := strings.Cut(line, "=")
		switch {
		case key == "FDSTORE" && value == "1":
			store = true
		case key == "FDSTOREREMOVE" && value == "1":
			remove = true
		case key == "FDNAME":
			name = value
		}
	}
	for _, fd := range fds {
		if !store || !k.keep(fd, name) {
			unix.Close(fd)
		}
	}
	if remove {
		k.forget(func(n string) bool { return n == name })
	}
}

// keep keeps a descriptor, but for one that it has under the same name.
func (k *keeper) keep(fd int, name string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, f := range k.kept {
		if f.Name() == keptName+name && same(fd, int(f.Fd())) {
			return false
		}
	}
	unix.CloseOnExec(fd)
	k.kept = append(k.kept, os.NewFile(uintptr(fd), keptName+name))
	return true
}

// same reports whether two descriptors are of one open file.
func same(a, b int) bool {
	const kcmpFile = 0
	pid := uintptr(os.Getpid())
	order, _, errno := unix.Syscall6(unix.SYS_KCMP, pid, pid, kcmpFile, uintptr(a), uintptr(b), 0)
	return errno == 0 && order == 0
}

// forget closes the descriptors of some names.
func (k *keeper) forget(which func(name string) bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var rest []*os.File
	for _, f := range k.kept {
		if which(strings.TrimPrefix(f.Name(), keptName)) {
			f.Close()
		} else {
			rest = append(rest, f)
		}
	}
	k.kept = rest
}

// Kept returns the names of the descriptors that are kept for the next server.
func (k *keeper) Kept() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	var names []string
	for _, f := range k.kept {
		names = append(names, strings.TrimPrefix(f.Name(), keptName))
	}
	return names
}

// command returns the command that starts a program as a manager does: it hears
// of the keeper, and gets what is kept.
func (k *keeper) command(program string, args ...string) *exec.Cmd {
	// Who gets descriptors must know that it is meant, by its process number.
	shell := []string{"-c", `[ "$LISTEN_FDS" = 0 ] && unset LISTEN_FDS LISTEN_FDNAMES || export LISTEN_PID=$$; exec "$0" "$@"`, program}
	cmd := exec.Command("/bin/sh", append(shell, args...)...)
	names := k.Kept()
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+k.path, "FDSTORE=1024",
		fmt.Sprint("LISTEN_FDS=", len(names)), "LISTEN_FDNAMES="+strings.Join(names, ":"))
	k.mu.Lock()
	defer k.mu.Unlock()
	cmd.ExtraFiles = append(cmd.ExtraFiles, k.kept...)
	return cmd
}
