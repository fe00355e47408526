// SPDX-License-Identifier: GPL-2.0-only

package confine

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/landlock-lsm/go-landlock/landlock"
	llsys "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// Process confines all threads of the process, irrevocably, to what is open, to
// the file at path (with readOnly, to reading it), and to opening raw sockets;
// with interfaces also to making and removing network interfaces. It does as much
// of this as the system supports. The error tells what is missing, and is no
// reason not to serve.
func Process(path string, readOnly, interfaces bool) error {
	rights := []cap.Value{cap.NET_RAW}
	if interfaces {
		rights = append(rights, cap.NET_ADMIN)
	}
	// The rule is made while capabilities may help with it. Landlock comes last,
	// because the other steps may have to read /proc.
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return join(fmt.Errorf("find %s: %w", path, err), forbidGain(), dropCapabilities(rights...), shutOut())
	}
	defer unix.Close(fd)
	access := landlock.AccessFSSet(llsys.AccessFSReadFile | llsys.AccessFSIoctlDev)
	if !readOnly {
		access |= llsys.AccessFSWriteFile
	}
	file := landlock.PathAccess(access, fmt.Sprintf("/proc/self/fd/%d", fd))
	return join(forbidGain(), dropCapabilities(rights...), shutOut(file))
}

// Server confines the process as Process does, but leaves it no file: only what
// is open, what others hand it over an open socket, and the opening of raw
// sockets.
func Server() error { return join(forbidGain(), dropCapabilities(cap.NET_RAW), shutOut()) }

// join joins errors into one of one line. It returns nil if there are none.
func join(errs ...error) error {
	all := errors.Join(errs...)
	if all == nil {
		return nil
	}
	return errors.New(strings.ReplaceAll(all.Error(), "\n", "; "))
}

// forbidGain sets no_new_privs, so that exec gains no privileges.
func forbidGain() error {
	if _, err := cap.Prctlw(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("set no_new_privs: %w", err)
	}
	return nil
}

// dropCapabilities drops all capabilities except rights, as far as the process
// has them: CAP_NET_RAW opens packet and AF_XDP sockets, CAP_NET_ADMIN makes and
// removes interfaces. It empties the inheritable and ambient sets.
func dropCapabilities(rights ...cap.Value) error {
	dropBounds(rights)
	keep, now := cap.NewSet(), cap.GetProc()
	for _, c := range rights {
		if has, _ := now.GetFlag(cap.Permitted, c); has {
			keep.SetFlag(cap.Permitted, true, c)
			keep.SetFlag(cap.Effective, true, c)
		}
	}
	if err := keep.SetProc(); err != nil {
		return fmt.Errorf("drop capabilities: %w", err)
	}
	return nil
}

// dropBounds empties the bounding set except for rights. This needs CAP_SETPCAP;
// without it, no_new_privs has the same effect.
func dropBounds(rights []cap.Value) {
	for c := cap.Value(0); c < cap.MaxBits(); c++ {
		if !slices.Contains(rights, c) && cap.DropBound(c) != nil {
			return
		}
	}
}

// shutOut denies the process all files except those of the rules, TCP, and
// signals and abstract sockets to other processes. It uses as much of Landlock as
// the kernel supports.
func shutOut(rules ...landlock.Rule) error {
	// V6 covers all of these. V9 would deny the socket of systemd's notify
	// protocol.
	everything := landlock.V6
	missing := everything.Restrict(rules...)
	if missing == nil {
		return nil
	}
	if err := everything.BestEffort().Restrict(rules...); err != nil {
		return fmt.Errorf("restrict it by Landlock: %w", err)
	}
	return fmt.Errorf("restrict it wholly by Landlock: %w (Linux 6.12 and newer can, where it is enabled)", missing)
}
