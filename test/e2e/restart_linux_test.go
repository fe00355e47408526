// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"fmt"
	"testing"

	"vblade/test/lab"
)

// crashes is how often a server is killed under load, replacements how often
// another takes over from it.
const (
	crashes      = 20
	replacements = 5
)

// restarts has fio write and verify files in the guest while the server is killed
// and started again, with the descriptors that its manager kept for it, and while
// another takes over from it. The guest sees no error, and keeps every byte.
func (s *site) restarts(t *testing.T) {
	o := s.newOrdeal(t, 1500)
	server := s.host.StartServer(t, s.vblade)
	line, err := server.Add("9", "0", "tgt0", o.disk)
	if want := fmt.Sprintf("pid %d: e9.0, %d sectors O_RDWR", server.Pid(), 128<<20/512); err != nil || line != want {
		t.Fatalf("vblade add printed %q, %v; want %q", line, err, want)
	}
	o.begin("eth0")
	for i := range crashes {
		server.Crash(t)
		o.goesOn(fmt.Sprintf("crash %d", i+1))
	}
	for i := range replacements {
		if err := server.Replace(t); err != nil {
			t.Errorf("the server that was replaced: %v", err)
		}
		o.goesOn(fmt.Sprintf("replacement %d", i+1))
	}
	o.finish(func() { o.stopServer(server) })
}

// stopServer ends a server.
func (o *ordeal) stopServer(server *lab.Server) {
	o.t.Helper()
	if err := server.Stop(); err != nil {
		o.t.Errorf("the server ended with %v; it printed\n%s", err, server.Stderr())
	}
}
