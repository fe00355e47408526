// SPDX-License-Identifier: GPL-2.0-only

package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// ringCompletions returns how many requests the io_urings of the program have
// completed, as the kernel counts them.
func (p *Process) ringCompletions() (sum int64, err error) {
	links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", p.Pid()))
	if err != nil {
		return 0, err
	}
	for _, link := range links {
		if to, _ := os.Readlink(link); to != "anon_inode:[io_uring]" {
			continue
		}
		n, err := p.Field("fdinfo/"+filepath.Base(link), "CqTail")
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// CheckRings checks whether a vblade has used io_uring: where it should, unless
// VBLADE_IO_URING=off keeps all from it, and nowhere else.
func CheckRings(t testing.TB, p *Process, should bool) {
	t.Helper()
	should = should && os.Getenv("VBLADE_IO_URING") != "off"
	switch n, err := p.ringCompletions(); {
	case err != nil:
		t.Error(err)
	case n > 0 != should:
		t.Errorf("it has had %d requests done by io_uring; by io_uring it should have had any: %v", n, should)
	}
}
