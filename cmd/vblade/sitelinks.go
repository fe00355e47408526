// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"errors"
	"fmt"
	"net"

	"vblade/internal/aoe"
	"vblade/internal/netio"
	"vblade/internal/server"
)

// What is fixed when a link is opened. Memory does not grow with the load.
const (
	frameBuffers  = server.MaxBatch + 4*server.CrewSize // a batch, and what may wait for disks
	receiveBuffer = 4 << 20                             // bytes: several initiators with full windows of jumbo frames
)

// A link receives as many frames at a time as a port wants, or this does not compile.
var _ [netio.MaxBatch - server.MaxBatch]struct{}

// usedLink is a link that exports are served on.
type usedLink struct {
	*netio.Link
	port    *server.Port
	uses    int
	doubted bool  // its warnings were logged
	lost    error // what Down returns instead of netio.ErrGone, if not nil
}

// Down returns why the link carries no frames at the moment, or nil.
func (l *usedLink) Down() error {
	err := l.Link.Down()
	if l.lost != nil && errors.Is(err, netio.ErrGone) {
		return l.lost
	}
	return err
}

// take returns the ports of links, and opens those that are not in use yet. It
// opens all, or none and fails. Down of a link that it opens returns lost instead
// of netio.ErrGone.
func (s *site) take(names []string, lost error) ([]*server.Port, error) {
	var ports []*server.Port
	for i, name := range names {
		l := s.links[name]
		if l == nil {
			var err error
			if l, err = s.openLink(name, lost); err != nil {
				s.give(names[:i])
				return nil, err
			}
			s.links[name] = l
		}
		l.uses++
		ports = append(ports, l.port)
	}
	return ports, nil
}

// openLink puts a link into use.
func (s *site) openLink(name string, lost error) (*usedLink, error) {
	l, err := s.host.Open(name, netio.Config{
		EtherType:     uint16(aoe.EtherType),
		Filter:        aoe.ServerFilter(nil, nil), // nothing until there is an export
		ReceiveBuffer: receiveBuffer,
		Buffers:       frameBuffers,
		Align:         aoe.ATALen,
		Fast:          true,
	})
	if err != nil {
		return nil, err
	}
	used := &usedLink{Link: l, lost: lost}
	if used.port, err = s.server.Attach(used, l.Buffers()); err != nil {
		l.Close()
		return nil, err
	}
	return used, nil
}

// give ends an export's use of links, and closes those that are not in use any
// more.
func (s *site) give(names []string) {
	for _, name := range names {
		l := s.links[name]
		if l.uses--; l.uses > 0 {
			continue
		}
		delete(s.links, name)
		if s.server.Detach(l.port) == nil {
			l.Close()
		}
	}
}

// own returns links in use, as rivals need them.
func (s *site) own(names []string) []ownLink {
	var links []ownLink
	for _, name := range names {
		links = append(links, s.links[name].Link)
	}
	return links
}

// checkAddresses refuses links that do not have the addresses that they were made with.
func (s *site) checkAddresses(links []string, macs []aoe.MAC) error {
	for i, mac := range macs {
		if now := s.links[links[i]].MAC(); now != mac {
			return fmt.Errorf("interface %s has the address %v, not %v", links[i], net.HardwareAddr(now[:]), net.HardwareAddr(mac[:]))
		}
	}
	return nil
}

// warnOfLinks logs the warnings of each link, once.
func (s *site) warnOfLinks(names []string) {
	for _, name := range names {
		l := s.links[name]
		if l.doubted {
			continue
		}
		l.doubted = true
		for _, w := range l.Warnings(receiveBuffer) {
			s.log.Warnf("%s", w)
		}
	}
}
