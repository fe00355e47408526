// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
)

// main runs go test.
func main() {
	status, err := run(os.Args[1:], os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "skipped:", err)
		status = 1
	}
	os.Exit(status)
}

// run runs go test with args and returns its exit status.
func run(args []string, out io.Writer) (int, error) {
	tool := os.Getenv("GO")
	if tool == "" {
		tool = "go"
	}
	cmd := exec.Command(tool, append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	events, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	s := newSummary(out, slices.Contains(args, "-v"))
	readErr := s.read(events)
	io.Copy(io.Discard, events) // or go test waits for ever
	err = cmd.Wait()
	s.print()
	var exited *exec.ExitError
	if errors.As(err, &exited) {
		err = nil // its status says it
	}
	return cmd.ProcessState.ExitCode(), errors.Join(readErr, err)
}

// read takes the events of go test -json, one a line; what is no event goes
// through.
func (s *summary) read(events io.Reader) error {
	lines := bufio.NewReader(events)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil {
				s.out.Write(line)
			} else {
				s.take(e)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
