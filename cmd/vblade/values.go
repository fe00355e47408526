// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"vblade/internal/blade"
	"vblade/internal/monitor"
	"vblade/internal/unixsocket"
)

// bufferCount is the value of -b.
type bufferCount uint16

// Set reads the value.
func (b *bufferCount) Set(s string) error {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 {
		return fmt.Errorf("%q is no number of buffers; give 1 to 65535", s)
	}
	*b = bufferCount(n)
	return nil
}

// String is the value as Set reads it.
func (b *bufferCount) String() string { return strconv.Itoa(int(*b)) }

// Type is not shown, because the usage text names the value.
func (b *bufferCount) Type() string { return "buffers" }

// seconds is the value of --announce.
type seconds time.Duration

// maxSeconds is a day.
const maxSeconds = 24 * 60 * 60

// Set reads the value.
func (v *seconds) Set(s string) error {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n == 0 || n > maxSeconds {
		return fmt.Errorf("%q is no number of seconds; give 1 to %d", s, maxSeconds)
	}
	*v = seconds(time.Duration(n) * time.Second)
	return nil
}

// String is the value as Set reads it; nothing where there is none, so that help
// shows no default.
func (v *seconds) String() string {
	if *v == 0 {
		return ""
	}
	return strconv.FormatInt(int64(time.Duration(*v)/time.Second), 10)
}

// Type is not shown, because the usage text names the value.
func (v *seconds) Type() string { return "seconds" }

// metricsAddress is the value of --metrics.
type metricsAddress string

// Set checks the form of the address; whether it can be used shows later.
func (a *metricsAddress) Set(s string) error {
	*a = metricsAddress(s)
	return monitor.CheckAddress(s)
}

// String is the value as Set reads it.
func (a *metricsAddress) String() string { return string(*a) }

// Type is not shown, because the usage text names the value.
func (a *metricsAddress) Type() string { return "address" }

// sectors is the value of -o and -l: a number of sectors.
type sectors struct {
	n     *int64
	least int64
}

// maxSectors is how many sectors 48-bit LBAs can address.
const maxSectors = 1 << 48

// Set reads the value as strtol(3) does with base 0, but refuses trailing
// characters.
func (v *sectors) Set(s string) error {
	digits, base := s, 10
	if hex, ok := strings.CutPrefix(strings.ToLower(s), "0x"); ok {
		digits, base = hex, 16
	} else if len(s) > 1 && s[0] == '0' {
		base = 8
	}
	n, err := strconv.ParseInt(digits, base, 64)
	switch {
	case errors.Is(err, strconv.ErrSyntax) || strings.Contains(digits, "+"):
		return fmt.Errorf("%q is no number; give a number of sectors, in decimal, 0x hex or 0 octal", s)
	case err != nil || n < v.least || n > maxSectors:
		return fmt.Errorf("%s is out of range; give %d to %d sectors", s, v.least, int64(maxSectors))
	}
	*v.n = n
	return nil
}

// String is the value in decimal, or empty if there is none, so that help shows
// no default.
func (v *sectors) String() string {
	if v.n == nil || *v.n == 0 {
		return ""
	}
	return strconv.FormatInt(*v.n, 10)
}

// Type is not shown, because the usage text names the value.
func (v *sectors) Type() string { return "sectors" }

// filePath is the value of --conf: the path of a file.
type filePath string

// Set accepts any path that is not empty; whether there is such a file shows later.
func (p *filePath) Set(s string) error {
	if s == "" {
		return errors.New("it is empty; name a file")
	}
	*p = filePath(s)
	return nil
}

// String is the value as Set reads it.
func (p *filePath) String() string { return string(*p) }

// Type is not shown, because the usage text names the value.
func (p *filePath) Type() string { return "file" }

// socketPath is the value of --control: the path of a Unix socket.
type socketPath string

// Set accepts any path that a socket can have.
func (p *socketPath) Set(s string) error {
	*p = socketPath(s)
	return unixsocket.CheckPath(s)
}

// String is the value as Set reads it.
func (p *socketPath) String() string { return string(*p) }

// Type is not shown, because the usage text names the value.
func (p *socketPath) Type() string { return "path" }

// stateDirectory is the value of --state.
type stateDirectory string

// Set accepts any name that is not empty; whether it can be used shows later.
func (d *stateDirectory) Set(s string) error {
	if s == "" {
		return errors.New("it is empty; name a directory, or write none")
	}
	*d = stateDirectory(s)
	return nil
}

// String is the value as Set reads it.
func (d *stateDirectory) String() string { return string(*d) }

// Type is not shown, because the usage text names the value.
func (d *stateDirectory) Type() string { return "directory" }

// serialNumber is the value of --serial.
type serialNumber string

// Set reads the value.
func (n *serialNumber) Set(s string) error {
	if s == "" {
		return errors.New("it is empty; give a text, or leave the option out")
	}
	*n = serialNumber(s)
	return blade.CheckSerial(s)
}

// String is the value as Set reads it.
func (n *serialNumber) String() string { return string(*n) }

// Type is not shown, because the usage text names the value.
func (n *serialNumber) Type() string { return "text" }

// interval is the value of --delay.
type interval time.Duration

// leastInterval is the shortest interval.
const leastInterval = 100 * time.Millisecond

// Set reads seconds, such as 0.5.
func (i *interval) Set(s string) error {
	f, err := strconv.ParseFloat(s, 64)
	if d := time.Duration(f * float64(time.Second)); err == nil && f < 1e6 && d >= leastInterval {
		*i = interval(d)
		return nil
	}
	return fmt.Errorf("%q is no time; give 0.1 to 999999 seconds", s)
}

// String is the value as Set reads it.
func (i *interval) String() string {
	return strconv.FormatFloat(time.Duration(*i).Seconds(), 'g', -1, 64)
}

// Type is not shown, because the usage text names the value.
func (i *interval) Type() string { return "seconds" }

// repetitions is the value of --count.
type repetitions uint64

// Set reads the value.
func (r *repetitions) Set(s string) error {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n == 0 {
		return fmt.Errorf("%q is no number of times; give 1 or more", s)
	}
	*r = repetitions(n)
	return nil
}

// String is the value as Set reads it; nothing where there is none, so that help
// shows no default.
func (r *repetitions) String() string {
	if *r == 0 {
		return ""
	}
	return strconv.FormatUint(uint64(*r), 10)
}

// Type is not shown, because the usage text names the value.
func (r *repetitions) Type() string { return "count" }
