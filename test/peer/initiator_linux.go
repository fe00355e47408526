// SPDX-License-Identifier: GPL-2.0-only

package peer

import (
	"testing"

	"vblade/internal/initiator"
	"vblade/test/lab"
)

// OpenInitiator opens an initiator on an interface of a host.
func OpenInitiator(h *lab.Host, netif string, o initiator.Options) (ini *initiator.Initiator, err error) {
	err = h.Do(func() error {
		ini, err = initiator.Open(netif, o)
		return err
	})
	return ini, err
}

// Initiator is OpenInitiator for the length of a test.
func Initiator(t testing.TB, h *lab.Host, netif string, o initiator.Options) *initiator.Initiator {
	t.Helper()
	ini, err := OpenInitiator(h, netif, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ini.Close() })
	return ini
}
