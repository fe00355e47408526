// SPDX-License-Identifier: GPL-2.0-only

package frametest

import (
	"errors"
	"slices"

	"golang.org/x/net/bpf"

	"vblade/internal/aoe"
)

// MAC returns the address, Target at first.
func (l *Link) MAC() [6]byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mac
}

// MTU returns the MTU, in bytes.
func (l *Link) MTU() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mtu
}

// SetMTU changes the MTU, which nobody notices before Change.
func (l *Link) SetMTU(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mtu = n
}

// Down returns why the link carries no frames.
func (l *Link) Down() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.down
}

// Changes counts the calls of Change.
func (l *Link) Changes() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changes
}

// Change is a change of the link that is noticed: to an MTU in bytes, an
// address, and what Down says.
func (l *Link) Change(mtu int, mac aoe.MAC, down error) {
	l.mu.Lock()
	l.mtu, l.mac, l.down = mtu, mac, down
	l.changes++
	l.mu.Unlock()
	l.Host.Wake()
}

// SetFilter keeps the program for Filter. The link passes every frame all the
// same.
func (l *Link) SetFilter(program []bpf.RawInstruction) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(program) > l.most {
		return errLongFilter
	}
	l.filter = append(l.filter[:0], program...)
	return nil
}

// errLongFilter is what SetFilter fails with.
var errLongFilter = errors.New("the filter is too long")

// Filter returns the program set last.
func (l *Link) Filter() []bpf.RawInstruction {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.filter)
}

// ForgetFilter makes Filter return nothing until a program is set.
func (l *Link) ForgetFilter() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.filter = l.filter[:0]
}

// BoundFilter makes SetFilter fail for programs of more than n instructions.
func (l *Link) BoundFilter(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.most = n
}
