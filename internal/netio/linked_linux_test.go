// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"testing"
	"time"
)

// linked is a Link with a Host of its own.
type linked struct {
	*Link
	host *Host
}

// Wait is the host's.
func (l *linked) Wait(limit time.Duration) { l.host.Wait(limit) }

// Receive is the link's, without stamps.
func (l *linked) Receive(frames [][]byte) (int, error) { return l.Link.Receive(frames, nil) }

// Close closes the host and the link.
func (l *linked) Close() error { return l.host.Close() }

// openOn opens a link on a host for the length of the test.
func openOn(t *testing.T, host station, name string, cfg Config) *linked {
	t.Helper()
	var l linked
	err := host.Do(func() (err error) {
		if l.host, err = NewHost(HostConfig{}); err != nil {
			return err
		}
		l.Link, err = l.host.Open(name, cfg)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return &l
}
