// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"

	"vblade/test/lab"
)

// keptOutput bounds what a transcript holds, in bytes.
const keptOutput = 16 << 10

// transcript is the end of what a program has printed so far.
type transcript struct {
	mu    sync.Mutex
	text  []byte
	grown chan struct{} // closed by the next Write
}

// newTranscript makes an empty transcript.
func newTranscript() *transcript {
	return &transcript{grown: make(chan struct{})}
}

// Write adds to the transcript and wakes those who wait for it.
func (tr *transcript) Write(b []byte) (int, error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.text = append(tr.text, b...)
	if extra := len(tr.text) - keptOutput; extra > 0 {
		tr.text = tr.text[extra:]
	}
	close(tr.grown)
	tr.grown = make(chan struct{})
	return len(b), nil
}

// read returns the text, and a channel that is closed when there is more.
func (tr *transcript) read() (string, <-chan struct{}) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return string(tr.text), tr.grown
}

// process is a program running on a site's host.
type process struct {
	cmd    *exec.Cmd
	stdout *transcript
	stderr *transcript
	ended  chan struct{} // closed when the program has ended
}

// startProcess starts cmd on h. It ends with this process, if not before.
func startProcess(h *lab.Host, cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, stdout: newTranscript(), stderr: newTranscript(), ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.stdout, p.stderr
	if err := h.Start(cmd); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	go func() {
		cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// output returns the end of what the program printed, on either stream.
func (p *process) output() string {
	out, _ := p.stdout.read()
	errs, _ := p.stderr.read()
	return out + errs
}

// stop sends the program a signal and waits until it has ended; one that takes
// longer than limit is killed, which is an error.
func (p *process) stop(sig os.Signal, limit time.Duration) error {
	p.cmd.Process.Signal(sig)
	select {
	case <-p.ended:
		return nil
	case <-time.After(limit):
	}
	p.cmd.Process.Kill()
	<-p.ended
	return fmt.Errorf("%s did not end within %v of a signal (%v); it printed:\n%s", p.cmd.Path, limit, sig, p.output())
}
