// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"strings"
)

// refusalVariable names the environment variable that holds the exit status of a
// misuse, for a service manager that restarts a program that exits with another
// one.
const refusalVariable = "VBLADE_MISUSE_STATUS"

// refusalStatus returns the exit status of a program that ends with err: 1, or
// for a misuse the one in the environment.
func refusalStatus(err error, getenv func(string) string) int {
	var m misuse
	if !errors.As(err, &m) {
		return 1
	}
	n, err := strconv.ParseUint(getenv(refusalVariable), 10, 8)
	if err != nil || n == 0 {
		return 1
	}
	return int(n)
}

// linkError adds to an error of opening the interface what to do about it.
func linkError(err error, o options) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w%s", err, permissionHint())
	}
	if !areInterfaces(o.links) && areInterfaces(strings.Split(o.filename, ",")) {
		return fmt.Errorf("%w; %s is an interface: write netif before filename", err, o.filename)
	}
	return err
}

// areInterfaces reports whether all names are those of interfaces of this host.
func areInterfaces(names []string) bool {
	for _, name := range names {
		if _, err := net.InterfaceByName(name); err != nil {
			return false
		}
	}
	return true
}
