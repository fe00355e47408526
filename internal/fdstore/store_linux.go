// SPDX-License-Identifier: GPL-2.0-only

package fdstore

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"vblade/internal/systemd"
)

// parametersOf is the suffix of the name of the parameters.
const parametersOf = "-parameters"

// MaxParameters is the longest parameters that Restore accepts, in bytes.
const MaxParameters = 64 << 10

// patience is how long the manager may take to store a message.
const patience = 5 * time.Second

// Store keeps files in the service manager. Its methods may be called
// concurrently.
type Store struct {
	address string
	most    int // how many files the manager keeps; 0 if it does not say

	mu   sync.Mutex
	kept map[string]int // how many files each name has
}

// Kept is what was kept under a name.
type Kept struct {
	Name       string
	Parameters []byte
	Files      []*os.File // in any order
}

// New returns the store of this process's service manager, or nil if there is
// none.
func New() *Store {
	address := os.Getenv("NOTIFY_SOCKET")
	if address == "" {
		return nil
	}
	most, _ := strconv.Atoi(os.Getenv("FDSTORE"))
	return &Store{address: address, most: most, kept: map[string]int{}}
}

// Keep stores files and parameters under a name, in place of what is stored there,
// and returns once the manager has them. If it fails, nothing is stored there.
//
// What was there has to go first, because the manager keeps no open file twice, and
// both may have some in common. All messages leave at once, if the manager has room for
// them, so that a crash loses neither.
func (s *Store) Keep(name string, parameters []byte, files []*os.File) error {
	err := s.reserve(name, len(files)+1)
	if err == nil {
		err = s.replace(name, parameters, files)
	}
	if err != nil {
		s.Drop(name)
	}
	return err
}

// replace is Keep once there is room.
func (s *Store) replace(name string, parameters []byte, files []*os.File) error {
	memory, err := memoryFile(name, parameters)
	if err != nil {
		return err
	}
	defer memory.Close()
	put, forget := puts(name, files), forgets(name)
	if err := s.tell(append(forget, put, puts(name+parametersOf, []*os.File{memory}))...); err != nil {
		return err
	}
	return s.barrier()
}

// reserve counts n more files under a name, if the manager keeps so many.
func (s *Store) reserve(name string, n int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := n
	for other, count := range s.kept {
		if other != name {
			all += count
		}
	}
	if s.most > 0 && all > s.most {
		return fmt.Errorf("the service manager keeps at most %d files, and %d are needed; raise FileDescriptorStoreMax= of the unit", s.most, all)
	}
	s.kept[name] = n
	return nil
}

// Drop forgets a name.
func (s *Store) Drop(name string) error {
	s.mu.Lock()
	delete(s.kept, name)
	s.mu.Unlock()
	if err := s.tell(forgets(name)...); err != nil {
		return err
	}
	return s.barrier()
}

// puts returns the message that stores files under a name. FDPOLL=0 makes the
// manager keep a file even if it reports an error or hang-up.
func puts(name string, files []*os.File) message {
	return message{"FDSTORE=1\nFDNAME=" + name + "\nFDPOLL=0", files}
}

// forgets returns the messages that remove an item, its parameters first.
func forgets(name string) []message {
	return []message{{text: "FDSTOREREMOVE=1\nFDNAME=" + name + parametersOf}, {text: "FDSTOREREMOVE=1\nFDNAME=" + name}}
}

// tell sends messages.
func (s *Store) tell(messages ...message) error {
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: s.address, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("tell the service manager: %w", err)
	}
	defer conn.Close()
	conn.SetWriteDeadline(time.Now().Add(patience))
	if err := send(conn, messages); err != nil {
		return fmt.Errorf("tell the service manager: %w", err)
	}
	return nil
}

// barrier returns once the manager has processed all messages: it then closes the
// pipe that it was sent (sd_notify_barrier).
func (s *Store) barrier() error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	err = s.tell(message{"BARRIER=1", []*os.File{w}})
	w.Close()
	if err != nil {
		return err
	}
	r.SetReadDeadline(time.Now().Add(patience))
	if _, err := r.Read(make([]byte, 1)); err != io.EOF {
		return fmt.Errorf("the service manager does not answer: %w", err)
	}
	return nil
}

// memoryFile returns a sealed memory file.
func memoryFile(name string, content []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("make a memory file: %w", err)
	}
	f := os.NewFile(uintptr(fd), name)
	_, err = f.Write(content)
	if err == nil {
		_, err = unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_WRITE|unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("make a memory file: %w", err)
	}
	return f, nil
}

// Restore returns what an earlier process of the service has stored, which
// remains stored. The warnings say what is incomplete and was dropped. It must be
// called once, before the process opens other files.
func (s *Store) Restore() (all []Kept, warnings []error) {
	files, parameters := map[string][]*os.File{}, map[string]*os.File{}
	var names []string
	for _, f := range systemd.Files() {
		name, isParameters := strings.CutSuffix(f.Name(), parametersOf)
		if isParameters {
			parameters[name] = f
			continue
		}
		if files[name] == nil {
			names = append(names, name)
		}
		files[name] = append(files[name], f)
	}
	for _, name := range names {
		content, err := read(parameters[name])
		if err != nil {
			warnings = append(warnings, fmt.Errorf("%s is lost: what the service manager kept of it is not complete: %w", name, err))
			closeAll(files[name])
			s.Drop(name)
			continue
		}
		s.reserve(name, len(files[name])+1)
		all = append(all, Kept{Name: name, Parameters: content, Files: files[name]})
	}
	for _, f := range parameters {
		f.Close()
	}
	return all, warnings
}

// read reads parameters.
func read(f *os.File) ([]byte, error) {
	if f == nil {
		return nil, errors.New("it has no parameters")
	}
	content := make([]byte, MaxParameters+1)
	n, err := f.ReadAt(content, 0)
	switch {
	case err == nil:
		return nil, fmt.Errorf("its parameters are longer than %d bytes", MaxParameters)
	case err != io.EOF:
		return nil, err
	}
	return content[:n], nil
}

// closeAll closes files.
func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
