// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/initiator"
	"vblade/internal/journal"
)

// How other targets of our addresses are looked for.
const (
	rivalTime  = time.Second // for answers, and before another try if asking has failed
	rivalsMost = 4           // that are logged for one address
	rivalsTold = 16          // that are logged one by one, of those that are found together
	twiceAgain = time.Hour   // from one warning of a MAC that is twice in a LAN to the next
)

// looker looks for rivals on one link, for all exports together that were added
// since it asked last. It has a socket, which is closed when no exports are left.
type looker struct {
	rivals *rivals
	link   string
	ini    *initiator.Initiator
	wanted map[aoe.Address]*asked // for which rivals have to be looked for; rivals.mu guards it
}

// openLooker opens the socket of a looker on a link.
func openLooker(r *rivals, link string) (*looker, error) {
	ini, err := initiator.Open(link, initiator.Options{Patience: rivalTime, Sleep: true})
	if err != nil {
		return nil, err
	}
	return &looker{rivals: r, link: link, ini: ini, wanted: make(map[aoe.Address]*asked)}, nil
}

// look asks for rivals until it has asked for all, or ctx ends.
func (l *looker) look(ctx context.Context) {
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		l.ini.Interrupt()
	})
	for ctx.Err() == nil {
		now := l.next()
		if now == nil {
			break
		}
		found, err := l.ini.AskEach(slices.Collect(maps.Keys(now)), rivalTime, rivalsMost)
		if err == nil {
			rivals, twice := l.settle(now, found)
			l.warn(rivals)
			l.warnOfTwice(twice)
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(rivalTime): // the link is down
		}
	}
	if !stop() {
		<-interrupted
	}
	l.leave()
	l.ini.Close()
}

// next returns the addresses to ask for. If there are none it returns nil and
// removes the looker; a new one is made when there are some.
func (l *looker) next() map[aoe.Address]*asked {
	l.rivals.mu.Lock()
	defer l.rivals.mu.Unlock()
	if len(l.wanted) == 0 {
		delete(l.rivals.lookers, l.link)
		return nil
	}
	return maps.Clone(l.wanted)
}

// leave removes the looker, unless another one has replaced it.
func (l *looker) leave() {
	l.rivals.mu.Lock()
	defer l.rivals.mu.Unlock()
	if l.rivals.lookers[l.link] == l {
		delete(l.rivals.lookers, l.link)
	}
}

// settle removes the addresses that were asked for from those that are wanted. Of the
// targets that were found, whose address is still served here, it returns those to warn
// of: the rivals, and exports of ours that have one MAC twice in this LAN.
func (l *looker) settle(now map[aoe.Address]*asked, found []*initiator.Target) (rivals, twice []*initiator.Target) {
	l.rivals.mu.Lock()
	defer l.rivals.mu.Unlock()
	for _, t := range found {
		a := t.Address()
		switch {
		case l.wanted[a] != now[a]:
		case isOwn(t, now[a].links, l.rivals.known):
			if haveMAC(now[a].links, t.MAC) > 1 && l.rivals.isDue(a) {
				twice = append(twice, t)
			}
		case now[a].away:
		case l.rivals.known.FoundRival(t.Name(), t.MAC):
			rivals = append(rivals, t)
		}
	}
	for a, asked := range now {
		if l.wanted[a] == asked {
			delete(l.wanted, a)
		}
	}
	return rivals, twice
}

// isDue reports whether to warn of an export's MAC that is twice in one LAN: it does so
// once in twiceAgain. The caller holds r.mu.
func (r *rivals) isDue(a aoe.Address) bool {
	if last, warned := r.twice[a]; warned && time.Since(last) < twiceAgain {
		return false
	}
	r.twice[a] = time.Now()
	return true
}

// haveMAC returns how many links have a MAC.
func haveMAC(links []ownLink, mac aoe.MAC) (n int) {
	for _, l := range links {
		if l.MAC() == mac {
			n++
		}
	}
	return n
}

// isOwn reports whether a target that has answered is the export itself, for example
// by another of its links on the same LAN: the answer comes from one of its MACs, and
// it has heard the question. Otherwise another host has that MAC, too.
func isOwn(t *initiator.Target, links []ownLink, known rivalsKnown) bool {
	return haveMAC(links, t.MAC) > 0 && known.Heard(t.Name(), t.Tag)
}

// warn logs the first rivals one by one, and how many more there are.
func (l *looker) warn(rivals []*initiator.Target) {
	for n, t := range rivals {
		by := net.HardwareAddr(t.MAC[:])
		if n == rivalsTold {
			l.rivals.log.Warnf("%s: %d more of the addresses served here are served by others too, such as %s by %s",
				journal.Link(l.link), len(rivals)-n, journal.Export(t.Name()), by)
			return
		}
		size := "size unknown"
		if id, err := t.Identify(); err == nil {
			size = fmt.Sprintf("%d sectors", id.Sectors)
		}
		l.rivals.log.Warnf("%s: %s serves %s too (%s); if that is not another path to the same disk, give one of them another shelf or slot",
			journal.Link(l.link), by, journal.Export(t.Name()), size)
	}
}

// warnOfTwice warns of two interfaces of ours that have one MAC in one LAN: an export has
// answered what this link asked, from another link that has the MAC of one here.
func (l *looker) warnOfTwice(exports []*initiator.Target) {
	for _, t := range exports {
		l.rivals.log.Warnf("%s: two interfaces of this host have one address, %v, in this LAN, one of them for %s, so that switches send now to one, now to the other; give each an address of its own, such as by --hwaddr auto, or a LAN of its own",
			journal.Link(l.link), net.HardwareAddr(t.MAC[:]), journal.Export(t.Name()))
	}
}
