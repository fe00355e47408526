// SPDX-License-Identifier: GPL-2.0-only

//go:build !linux

package claim

// Claim claims nothing here.
type Claim struct{}

// Take claims nothing.
func Take(export, netif string) (*Claim, error) { return new(Claim), nil }

// Ask finds nobody.
func Ask(export, netif string) error { return nil }

// Release has nothing to give up.
func (c *Claim) Release() {}
