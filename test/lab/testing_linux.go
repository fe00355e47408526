// SPDX-License-Identifier: GPL-2.0-only

package lab

import "testing"

// Need finds a program of the Debian package pkg, or skips the test.
func Need(t testing.TB, program, pkg string) string {
	t.Helper()
	path, err := Find(program)
	if err != nil {
		Skip(t, program, "apt-get install "+pkg)
	}
	return path
}

// TestHost makes a Host for the length of a test, or skips the test where the
// user may not.
func TestHost(t testing.TB) *Host {
	t.Helper()
	Need(t, "ip", "iproute2")
	h, err := NewHost()
	if err != nil {
		Skip(t, "a network namespace: "+err.Error(), "run as root, or under `unshare -rn`")
	}
	t.Cleanup(func() { h.Close() })
	return h
}
