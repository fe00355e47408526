// SPDX-License-Identifier: GPL-2.0-only

package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// ringRequests returns how many requests the io_urings of the program have taken, as
// the kernel counts them.
func (p *Process) ringRequests() (sum int64, err error) {
	links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", p.Pid()))
	if err != nil {
		return 0, err
	}
	for _, link := range links {
		if to, _ := os.Readlink(link); to != "anon_inode:[io_uring]" {
			continue
		}
		n, err := p.Field("fdinfo/"+filepath.Base(link), "SqHead")
		for try := 0; err != nil && try < 1000; try++ { // the kernel does not tell while the ring works
			n, err = p.Field("fdinfo/"+filepath.Base(link), "SqHead")
		}
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
	switch n, err := p.ringRequests(); {
	case err != nil:
		t.Error(err)
	case n > 0 != should:
		t.Errorf("io_uring has taken %d requests; it should have taken some: %v", n, should)
	}
}
