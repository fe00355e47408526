// SPDX-License-Identifier: GPL-2.0-only

package systemd

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"time"
)

// Messages for Notify.
const (
	Ready    = "READY=1"
	Stopping = "STOPPING=1"
	Watchdog = "WATCHDOG=1"
)

// Notify sends the manager, if there is one, a message: assignments, a line each.
// It may block while the manager does not read.
func Notify(message string) error {
	socket := os.Getenv("NOTIFY_SOCKET") // a path, or with a leading @ an abstract name
	if socket == "" {
		return nil
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Write([]byte(message))
	return err
}

// WatchdogInterval is within what time the manager wants the next Watchdog message
// of this process; 0 if it wants none.
func WatchdogInterval() (time.Duration, error) {
	usec := os.Getenv("WATCHDOG_USEC")
	if pid := os.Getenv("WATCHDOG_PID"); usec == "" || pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return 0, nil
	}
	n, err := strconv.ParseInt(usec, 10, 64)
	if interval := time.Duration(n) * time.Microsecond; err == nil && n > 0 && interval/time.Microsecond == time.Duration(n) {
		return interval, nil
	}
	return 0, fmt.Errorf("read the watchdog's interval from WATCHDOG_USEC: %q is no number of microseconds", usec)
}
