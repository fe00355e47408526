// SPDX-License-Identifier: GPL-2.0-only

package peer

import (
	"errors"
	"sync/atomic"
	"time"

	"vblade/internal/netio"
)

// Station is a link and its host. One goroutine receives and waits.
type Station struct {
	*netio.Link
	Host        *netio.Host
	interrupted atomic.Bool
}

// Open opens a Station on an interface of the calling thread's namespace.
func Open(name string, link netio.Config, host netio.HostConfig) (*Station, error) {
	h, err := netio.NewHost(host)
	if err != nil {
		return nil, err
	}
	l, err := h.Open(name, link)
	if err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return &Station{Link: l, Host: h}, nil
}

// Receive is the link's, without stamps.
func (s *Station) Receive(frames [][]byte) (int, error) { return s.Link.Receive(frames, nil) }

// Wait is the host's. It returns false after Interrupt.
func (s *Station) Wait(limit time.Duration) bool {
	if !s.interrupted.Load() {
		s.Host.Wait(limit)
	}
	return !s.interrupted.Load()
}

// Interrupt ends this and every later Wait. Any goroutine may call it.
func (s *Station) Interrupt() {
	s.interrupted.Store(true)
	s.Host.Wake()
}

// Close closes the host and the link.
func (s *Station) Close() error { return s.Host.Close() }
