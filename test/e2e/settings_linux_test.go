// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"net"
	"slices"
	"testing"

	"vblade/internal/aoe"
	"vblade/internal/initiator"
)

// settings are what an initiator has set of the export e9.0, which are to move with
// it. The initiator is this machine, at an interface.
type settings struct {
	t       *testing.T
	ini     *initiator.Initiator
	config  string
	holders []aoe.MAC
	serial  string
}

// set gives the export a config string, and reserves it for the guest and this machine.
func (s *site) set(t *testing.T, netif string, g *shell) *settings {
	t.Helper()
	c := &settings{t: t, config: "moves along", ini: s.initiator(t, netif)}
	mac, err := net.ParseMAC(g.mac)
	if err != nil {
		t.Fatal(err)
	}
	c.holders = []aoe.MAC{aoe.MAC(mac), c.ini.MAC()}
	target, id := c.find()
	c.serial = id.Serial
	if _, err := target.ConfigString(aoe.ConfigForceSet, c.config); err != nil {
		t.Fatal(err)
	}
	if _, err := target.Reserve(false, c.holders...); err != nil {
		t.Fatal(err)
	}
	return c
}

// find finds the export, and what it says of itself.
func (c *settings) find() (*initiator.Target, initiator.Identity) {
	c.t.Helper()
	target, err := c.ini.Find(9, 0)
	if err != nil {
		c.t.Fatal(err)
	}
	id, err := target.Identify()
	if err != nil {
		c.t.Fatal(err)
	}
	return target, id
}

// hold checks that the export has what was set, and the same serial number, after an
// event.
func (c *settings) hold(event string) {
	c.t.Helper()
	target, id := c.find()
	holders, err := target.Reservation()
	if err != nil {
		c.t.Fatal(err)
	}
	if target.Config != c.config || !slices.Equal(holders, c.holders) || id.Serial != c.serial {
		c.t.Errorf("after %s the config string is %q, the reservation %v, the serial number %q; want %q, %v, %q",
			event, target.Config, holders, id.Serial, c.config, c.holders, c.serial)
	}
}
