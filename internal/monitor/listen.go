// SPDX-License-Identifier: GPL-2.0-only

package monitor

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"vblade/internal/unixsocket"
)

// network is an address in the form of net.Listen.
func network(address string) (kind, name string, err error) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		if path == "" {
			return "", "", errors.New("unix: without a path; give one, such as unix:/run/vblade.sock")
		}
		return "unix", path, unixsocket.CheckPath(path)
	}
	if _, port, err := net.SplitHostPort(address); err != nil || port == "" {
		return "", "", fmt.Errorf("%q is no address; give unix:PATH or HOST:PORT, such as unix:/run/vblade.sock or localhost:9654", address)
	}
	return "tcp", address, nil
}

// CheckAddress returns what is wrong with the form of an address.
func CheckAddress(address string) error {
	_, _, err := network(address)
	return err
}

// Listen opens an address to serve metrics on: unix:PATH, or host and port. It
// replaces a socket that a dead program has left at PATH, and nothing else.
func Listen(address string) (net.Listener, error) {
	kind, name, err := network(address)
	if err != nil {
		return nil, err
	}
	listen := func() (net.Listener, error) { return net.Listen(kind, name) }
	var l net.Listener
	if kind == "unix" {
		l, err = unixsocket.Listen(name, listen)
	} else {
		l, err = listen()
	}
	switch {
	case err == nil:
		return l, nil
	case kind == "unix" && errors.Is(err, syscall.EADDRINUSE) && !unixsocket.IsSocket(name):
		return nil, fmt.Errorf("listen on %s for metrics: there is something else than a socket (name another path)", address)
	}
	return nil, fmt.Errorf("listen on %s for metrics: %w", address, explain(err))
}

// explain shortens an error of net.Listen to its cause and says what to do.
func explain(err error) error {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return fmt.Errorf("%w (name another address)", err)
	}
	switch errno {
	case syscall.EADDRINUSE:
		return fmt.Errorf("%w (name another address, or end what uses it)", errno)
	case syscall.EADDRNOTAVAIL:
		return fmt.Errorf("%w (name an address of this host)", errno)
	case syscall.EACCES, syscall.EPERM:
		return fmt.Errorf("%w (name another address, or start as root)", errno)
	}
	return fmt.Errorf("%w (name another address)", errno)
}
