// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"vblade/internal/control"
	"vblade/internal/view"
)

// showTop shows the busiest exports in intervals: on a terminal until a key or a
// signal ends it, elsewhere as plain text.
func showTop(o options, c console) error {
	out, isFile := c.stdout.(*os.File)
	if isFile && term.IsTerminal(int(out.Fd())) && term.IsTerminal(int(os.Stdin.Fd())) && os.Getenv("TERM") != "dumb" {
		t := &terminal{in: os.Stdin, out: out}
		return t.run(o)
	}
	return printTop(o, c.stdout)
}

// printTop prints all exports, the busiest first, in each interval as long as somebody
// reads them.
func printTop(o options, to io.Writer) error {
	signal.Ignore(syscall.SIGPIPE) // Write tells
	for n := uint64(1); ; n++ {
		answer, err := control.Client{Path: o.control}.Status("")
		if err != nil {
			return err
		}
		text := strings.Join(view.Top(answer, view.Width, 0), "\n") + "\n\n"
		if _, err := io.WriteString(to, text); errors.Is(err, syscall.EPIPE) {
			return nil // nobody reads it any more
		} else if err != nil {
			return err
		}
		if n == o.count {
			return nil
		}
		time.Sleep(time.Duration(o.delay))
	}
}

// terminal is the terminal that shows the exports.
type terminal struct {
	in, out *os.File
	before  *term.State // as it was
	shown   *control.Answer
	trouble error // of the last question
}

// Control sequences of a terminal (ECMA-48, and xterm's alternate screen).
const (
	enterScreen = "\x1b[?1049h\x1b[?25l"
	leaveScreen = "\x1b[?25h\x1b[?1049l"
	toTop       = "\x1b[H"
	clearLine   = "\x1b[K"
	clearRest   = "\x1b[J"
)

// Keys.
const (
	ctrlC = 0x03
	ctrlD = 0x04
	ctrlZ = 0x1a
)

// run shows the exports until a key or a signal ends that, or for a number of
// times.
func (t *terminal) run(o options) error {
	server := control.Client{Path: o.control}
	if t.shown, t.trouble = server.Status(""); t.trouble != nil {
		return t.trouble
	}
	if err := t.enter(); err != nil {
		return err
	}
	defer t.leave()
	ends, resized := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(ends, endSignals()...)
	signal.Notify(resized, syscall.SIGWINCH, syscall.SIGCONT)
	defer signal.Stop(ends)
	defer signal.Stop(resized)
	keys, answers := make(chan byte), make(chan answer, 1)
	go t.read(keys)
	asking := false
	tick := time.NewTicker(time.Duration(o.delay))
	defer tick.Stop()
	for n := uint64(1); ; {
		if err := t.draw(); err != nil {
			return nil // the terminal is gone
		}
		ask := false
		select {
		case <-ends:
			return nil
		case <-resized:
		case a := <-answers:
			asking = false
			t.take(a)
		case <-tick.C:
			if n == o.count {
				return nil
			}
			n++
			ask = true
		case key, open := <-keys:
			if !open {
				return nil
			}
			var end bool
			var err error
			if ask, end, err = t.press(key); end || err != nil {
				return err
			}
		}
		if ask && !asking {
			asking = true
			go func() { answers <- askStatus(server) }()
		}
	}
}

// press does what a key means, and reports whether to ask the server now, or to end.
func (t *terminal) press(key byte) (ask, end bool, err error) {
	switch key {
	case ' ', '\r':
		return true, false, nil
	case 'q', 'Q', ctrlC, ctrlD:
		return false, true, nil
	case ctrlZ:
		return false, false, t.suspend()
	}
	return false, false, nil
}

// answer is what a server says of its exports, or why it does not.
type answer struct {
	status *control.Answer
	err    error
}

// askStatus asks a server for its exports. While the server hangs, so does askStatus.
func askStatus(server control.Client) answer {
	status, err := server.Status("")
	return answer{status, err}
}

// take takes an answer to be shown. While the server does not answer, the last status
// is shown, and why.
func (t *terminal) take(a answer) {
	if t.trouble = a.err; a.err == nil {
		t.shown = a.status
	}
}

// enter switches the terminal to its alternate screen, without echo.
func (t *terminal) enter() (err error) {
	if t.before, err = term.MakeRaw(int(t.in.Fd())); err != nil {
		return fmt.Errorf("set up the terminal: %w; for plain text: vblade top | cat", err)
	}
	_, err = io.WriteString(t.out, enterScreen)
	return err
}

// leave undoes enter.
func (t *terminal) leave() {
	io.WriteString(t.out, leaveScreen)
	term.Restore(int(t.in.Fd()), t.before)
}

// suspend stops the process, as Ctrl-Z does, until it is continued.
func (t *terminal) suspend() error {
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, syscall.SIGCONT)
	defer signal.Stop(continued)
	t.leave()
	if err := syscall.Kill(os.Getpid(), syscall.SIGSTOP); err != nil {
		return fmt.Errorf("stop for the terminal: %w", err)
	}
	<-continued
	return t.enter()
}

// read sends what is typed, until the terminal is gone.
func (t *terminal) read(keys chan<- byte) {
	defer close(keys)
	for b := make([]byte, 1); ; {
		if n, err := t.in.Read(b); err != nil || n == 0 {
			return
		}
		keys <- b[0]
	}
}

// draw shows the exports.
func (t *terminal) draw() error {
	width, height, err := term.GetSize(int(t.out.Fd()))
	if err != nil || width <= 0 || height <= 0 { // the terminal does not say
		width, height = 80, 24
	}
	lines := view.Top(t.shown, width, height)
	if t.trouble != nil && len(lines) > 2 {
		lines[2] = view.Cut(t.trouble.Error()+"; retrying", width)
	}
	text := toTop + strings.Join(lines, clearLine+"\r\n") + clearLine + clearRest
	_, err = io.WriteString(t.out, text)
	return err
}
