// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"vblade/internal/unixsocket"
)

// socketMode lets only the owner of the control socket and root use it. An
// administrator may change it.
const socketMode = 0o600

// Listen makes the control socket at path, and its directory. It replaces a
// socket that a dead server has left, and nothing else. The socket remains when
// the listener is closed: a successor may listen there, and a confined server
// cannot remove it.
func Listen(path string) (*net.UnixListener, error) {
	if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("%w (name another path by --control)", err)
	}
	l, err := unixsocket.Listen(path, func() (*net.UnixListener, error) { return listen(path) })
	if err != nil {
		return nil, listenError(path, err)
	}
	// The mode is set now if it could not be set before.
	if err := os.Chmod(path, socketMode); err != nil {
		l.Close()
		return nil, fmt.Errorf("keep others from %s: %w", path, err)
	}
	return l, nil
}

// listen makes a socket at path. If the system allows it, the socket gets its
// mode before its path, so that others can never use it.
func listen(path string) (*net.UnixListener, error) {
	config := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		return raw.Control(func(fd uintptr) { syscall.Fchmod(int(fd), socketMode) })
	}}
	l, err := config.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, err
	}
	socket := l.(*net.UnixListener)
	socket.SetUnlinkOnClose(false)
	return socket, nil
}

// listenError returns an error that says why there is no control socket, and what
// to do.
func listenError(path string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE) && unixsocket.IsSocket(path):
		return fmt.Errorf("a server listens at %s already; take over from it with: %s --replace, or name another path by --control", path, serveAt(path))
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("listen at %s: there is something else than a socket (name another path by --control)", path)
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		err = errno
	}
	return fmt.Errorf("listen at %s: %w (name another path by --control)", path, err)
}
