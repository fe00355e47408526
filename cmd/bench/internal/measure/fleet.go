// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package measure

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"vblade/cmd/bench/internal/plan"
	"vblade/cmd/bench/internal/rig"
	"vblade/test/lab"
)

// export is an export that a fleet serves.
type export struct {
	shelf uint16
	slot  uint8
	netif string // names of interfaces, with commas between
	path  string
}

// Address returns the address of export n. The first is the one that is loaded.
func Address(n int) (shelf uint16, slot uint8) {
	const first, perShelf = 100, 200
	if n == 0 {
		return 9, 0
	}
	return uint16(first + n/perShelf), uint8(n % perShelf)
}

// exports returns the exports of a program at a workload: the first of the path,
// the others idle.
func (b *bench) exports(p plan.Program, w plan.Workload, wires []rig.Wire, path string) []export {
	count := max(1, w.Host.Exports)
	if p == plan.Alone {
		count, wires = 1, wires[:1]
	}
	var names []string
	for _, x := range wires {
		names = append(names, x.Target)
	}
	all := make([]export, count)
	for n := range all {
		shelf, slot := Address(n)
		all[n] = export{shelf, slot, strings.Join(names, ","), path}
		if n > 0 {
			all[n].path = b.disks.Idle(n)
		}
	}
	return all
}

// arguments returns the command line that serves an export.
func (e export) arguments(w plan.Workload) []string {
	// The C program sizes its receive buffer by -b: all get what the load needs.
	args := []string{"-b", strconv.Itoa(max(16, w.Depth))}
	if w.Flags != "" {
		args = append(args, w.Flags)
	}
	return append(args, strconv.Itoa(int(e.shelf)), strconv.Itoa(int(e.slot)), e.netif, e.path)
}

// fleet is the processes that serve exports.
type fleet struct {
	processes []*lab.Process
	dir       string        // of the control socket; empty if there is none
	took      time.Duration // to start
}

// start starts a program that serves exports.
func (b *bench) start(p plan.Program, w plan.Workload, at rig.Place, exports []export) (f *fleet, err error) {
	f = new(fleet)
	begin := time.Now()
	switch p {
	case plan.Echo:
		err = f.launch(at, "/proc/self/exe", "-echo", exports[0].netif)
	case plan.C:
		err = f.launchEach(at, b.Peer, w, exports)
	case plan.Ours:
		err = f.launchEach(at, b.Vblade, w, exports)
	default:
		err = f.serve(at, b.Vblade, w, exports)
	}
	f.took = time.Since(begin)
	if err != nil {
		f.stop()
		return nil, err
	}
	return f, nil
}

// launch starts a process of the fleet.
func (f *fleet) launch(at rig.Place, name string, args ...string) error {
	process, err := at.Launch(name, args...)
	if err == nil {
		f.processes = append(f.processes, process)
	}
	return err
}

// launchEach starts a process for each export.
func (f *fleet) launchEach(at rig.Place, name string, w plan.Workload, exports []export) error {
	for _, e := range exports {
		if err := f.launch(at, name, e.arguments(w)...); err != nil {
			return err
		}
	}
	return nil
}

// serve starts a server and adds the exports to it, each by a process on the
// load's CPU.
func (f *fleet) serve(at rig.Place, name string, w plan.Workload, exports []export) (err error) {
	if f.dir, err = os.MkdirTemp("", "vblade-bench-"); err != nil {
		return err
	}
	control := filepath.Join(f.dir, "control")
	server, err := at.Start(name, "serve", "--control", control)
	if err != nil {
		return err
	}
	f.processes = append(f.processes, server)
	at.CPUs = at.Home
	if err := awaitServer(server, at, name, control); err != nil {
		return err
	}
	for _, e := range exports {
		args := append([]string{"add", "--state", "none", "--control", control}, e.arguments(w)...)
		if err := at.Run(name, args...); err != nil {
			return errors.Join(err, alive(server))
		}
	}
	return nil
}

// alive returns an error if a server has ended.
func alive(server *lab.Process) error {
	if server.Alive() {
		return nil
	}
	return fmt.Errorf("the server has ended: %v: %s", server.State(), server.Stderr())
}

// awaitServer waits until a server answers on its control socket.
func awaitServer(server *lab.Process, at rig.Place, name, control string) error {
	const pause = 5 * time.Millisecond
	err := errors.New("no control socket")
	for end := time.Now().Add(rig.Patience); time.Now().Before(end); time.Sleep(pause) {
		if err := alive(server); err != nil {
			return err
		}
		if _, err = os.Stat(control); err != nil {
			continue
		}
		if err = at.Run(name, "status", "--control", control); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%s serve was not ready after %v: %w", name, rig.Patience, err)
}

// stop ends the processes.
func (f *fleet) stop() {
	var ending sync.WaitGroup
	for _, p := range f.processes {
		ending.Add(1)
		go func() {
			defer ending.Done()
			p.Stop()
		}()
	}
	ending.Wait()
	if f.dir != "" {
		os.RemoveAll(f.dir)
	}
}

// sum returns the sum of a quantity of the processes.
func (f *fleet) sum(of func(*lab.Process) (int64, error)) (sum int64, err error) {
	for _, p := range f.processes {
		n, err := of(p)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}
