// SPDX-License-Identifier: GPL-2.0-only

package unixsocket

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"
)

// Listen returns what listen returns, which makes a socket at path. It removes a
// socket that a dead process has left there, and nothing else.
func Listen[L net.Listener](path string, listen func() (L, error)) (L, error) {
	l, err := listen()
	if errors.Is(err, syscall.EADDRINUSE) && isAbandoned(path) {
		if err = os.Remove(path); err == nil {
			l, err = listen()
		}
	}
	return l, err
}

// longestPath is how many bytes the path of a socket may have.
const longestPath = len(syscall.RawSockaddrUnix{}.Path) - 1

// CheckPath returns what is wrong with the path of a socket by itself.
func CheckPath(path string) error {
	switch n := len(path); {
	case n == 0:
		return errors.New("the path is empty; name one")
	case n > longestPath:
		return fmt.Errorf("the path has %d bytes, and that of a socket at most %d; name a shorter one", n, longestPath)
	}
	return nil
}

// dialTime is how long a live process may take to accept a connection.
const dialTime = time.Second

// isAbandoned reports whether path is a socket that nobody listens on any more.
func isAbandoned(path string) bool {
	if !IsSocket(path) {
		return false
	}
	conn, err := net.DialTimeout("unix", path, dialTime)
	if err == nil {
		conn.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

// IsSocket reports whether path is a socket.
func IsSocket(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode().Type() == os.ModeSocket
}
