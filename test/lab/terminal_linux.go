// SPDX-License-Identifier: GPL-2.0-only

package lab

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Terminal is a pseudo-terminal on which a program runs, and what its screen shows.
type Terminal struct {
	*Process
	master, slave *os.File
	changed       chan struct{}

	mu        sync.Mutex
	lines     []string // of the screen
	row       int      // of the cursor
	within    bool     // the line has something before the cursor
	rest      string   // an escape sequence of which the end has not come yet
	alternate bool     // the alternate screen is shown
	hidden    bool     // so is the cursor not
}

// StartOnTerminal starts a program inside the host on a terminal of so many columns and
// rows, which is closed with the test.
func (h *Host) StartOnTerminal(t testing.TB, columns, rows int, cmd *exec.Cmd) *Terminal {
	t.Helper()
	x := &Terminal{changed: make(chan struct{}, 1)}
	if err := x.open(); err != nil {
		Skip(t, "a pseudo-terminal: "+err.Error(), "mount -t devpts devpts /dev/pts")
	}
	t.Cleanup(func() { x.master.Close(); x.slave.Close() })
	if err := x.Resize(columns, rows); err != nil {
		t.Fatal(err)
	}
	cmd.Stdin, cmd.Stdout = x.slave, x.slave
	cmd.Env = append(os.Environ(), "TERM=xterm")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	p, err := Spawn(cmd, h.Start)
	if err != nil {
		t.Fatal(err)
	}
	x.Process = p
	t.Cleanup(func() { p.Kill() })
	go x.read()
	return x
}

// open opens both ends of a pseudo-terminal.
func (x *Terminal) open() (err error) {
	if x.master, err = os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		return err
	}
	n, err := unix.IoctlGetInt(int(x.master.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(x.master.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		x.slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	}
	if err != nil {
		x.master.Close()
	}
	return err
}

// Resize gives the terminal another size, of which the program hears.
func (x *Terminal) Resize(columns, rows int) error {
	return unix.IoctlSetWinsize(int(x.master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: uint16(rows), Col: uint16(columns)})
}

// Type types keys.
func (x *Terminal) Type(keys string) error {
	_, err := x.master.WriteString(keys)
	return err
}

// Settings returns how the terminal treats what is typed and printed.
func (x *Terminal) Settings() (unix.Termios, error) {
	t, err := unix.IoctlGetTermios(int(x.slave.Fd()), unix.TCGETS)
	if err != nil {
		return unix.Termios{}, err
	}
	return *t, nil
}

// read shows what the program prints, until the terminal is closed.
func (x *Terminal) read() {
	for b := make([]byte, 4096); ; {
		n, err := x.master.Read(b)
		if err != nil {
			return
		}
		x.mu.Lock()
		x.show(x.rest + string(b[:n]))
		x.mu.Unlock()
		select {
		case x.changed <- struct{}{}:
		default:
		}
	}
}

// show has the screen show a text, in which escape sequences are those of a program
// that writes lines from the top.
func (x *Terminal) show(text string) {
	for x.rest = ""; text != ""; {
		at := strings.IndexAny(text, "\x1b\n")
		switch {
		case at < 0:
			x.print(text)
			return
		case at > 0:
			x.print(text[:at])
			text = text[at:]
		case text[0] == '\n':
			x.row, x.within = x.row+1, false
			text = text[1:]
		default:
			end := strings.IndexAny(text, "HJKhl")
			if end < 0 {
				x.rest = text
				return
			}
			x.steer(text[:end+1])
			text = text[end+1:]
		}
	}
}

// print prints a text at the cursor. A program ends each line by clearing its rest.
func (x *Terminal) print(text string) {
	for len(x.lines) <= x.row {
		x.lines = append(x.lines, "")
	}
	if !x.within {
		x.lines[x.row] = ""
	}
	if text = strings.TrimSuffix(text, "\r"); text != "" {
		x.lines[x.row], x.within = x.lines[x.row]+text, true
	}
}

// steer does what an escape sequence says.
func (x *Terminal) steer(sequence string) {
	switch sequence {
	case "\x1b[?1049h", "\x1b[?1049l":
		x.alternate, x.lines, x.row, x.within = strings.HasSuffix(sequence, "h"), nil, 0, false
	case "\x1b[?25h", "\x1b[?25l":
		x.hidden = strings.HasSuffix(sequence, "l")
	case "\x1b[H":
		x.row, x.within = 0, false
	case "\x1b[K":
		x.print("")
	case "\x1b[J":
		x.lines = x.lines[:min(len(x.lines), x.row+1)]
	}
}

// Screen returns the lines that the terminal shows, and whether it shows the alternate
// screen, without a cursor.
func (x *Terminal) Screen() (lines []string, alternate bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return append([]string(nil), x.lines...), x.alternate && x.hidden
}

// Await waits until the screen is as a test wants it, and tells whether it is.
func (x *Terminal) Await(met func(lines []string, alternate bool) bool) bool {
	for late := time.After(patience); ; {
		if met(x.Screen()) {
			return true
		}
		select {
		case <-x.changed:
		case <-late:
			return false
		}
	}
}
