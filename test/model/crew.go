// SPDX-License-Identifier: GPL-2.0-only

package model

// Limits of the crews that can be explored.
const (
	maxPeople   = 5
	maxRequests = 4
)

// Crew is what is explored.
type Crew struct {
	Leads, Workers int // leads come first
	Requests       int // that arrive, in ones and twos
	Rule           Rule
}

// Rule is how a crew works.
type Rule struct {
	Shared   bool // leads do queued requests too, and workers lead
	Dares    Dare // when the leader does a call that may wait
	LateTurn bool // a leader takes a request off its turn after the call, not before
}

// Dare is a rule by which a leader does a call itself.
type Dare uint8

// The rules.
const (
	WhileStandBy Dare = 1 + iota // while another lead stands by
	WhileCount                   // while fewer than all others are counted in calls, whatever is queued
	Always                       // whoever is there
)

// doing is what one of a crew does.
type doing uint8

// What there is to do.
const (
	waits   doing = iota // for the lead or for work
	leads                // works off its turn, then receives
	dares                // has found that it may do a call, and is about to
	calls                // is in a call that it began as leader
	returns              // the call is over; it has not found out yet whether it still leads
	works                // is in a call for a queued request
	gone
)

// person is one of a crew.
type person struct {
	does    doing
	request int8 // in hand, from dares to works
	hangs   bool // its call never ends
}

// place is where a request is.
type place uint8

// The places.
const (
	outside place = iota // has not arrived
	turn                 // of the leader
	queued               // for the workers
	inHand               // of a person
	done
)

// nobody leads.
const nobody = -1

// state is a state of a crew. It is comparable.
type state struct {
	people  [maxPeople]person
	place   [maxRequests]place
	replies [maxRequests]uint8
	leader  int8
	odd     bool // the beat: the leader is in a call
	watched bool // the watch has seen this call before
	ending  bool
}

// start returns a crew's first state.
func (c Crew) start() state {
	s := state{leader: nobody}
	for i := c.size(); i < maxPeople; i++ {
		s.people[i].does = gone
	}
	return s
}

// size returns the number of people.
func (c Crew) size() int { return c.Leads + c.Workers }

// mayLead reports whether somebody may lead.
func (c Crew) mayLead(i int) bool { return c.Rule.Shared || i < c.Leads }

// mayWork reports whether somebody may do queued requests.
func (c Crew) mayWork(i int) bool { return c.Rule.Shared || i >= c.Leads }

// first returns the first request in a place, -1 if there is none.
func (s *state) first(p place) int8 {
	for r, at := range s.place {
		if at == p {
			return int8(r)
		}
	}
	return -1
}

// standBy returns how many wait that may lead.
func (c Crew) standBy(s *state) int {
	n := 0
	for i := range c.size() {
		if c.mayLead(i) && s.people[i].does == waits {
			n++
		}
	}
	return n
}

// busy returns how many are counted in calls: not the leader.
func (c Crew) busy(s *state) int {
	n := 0
	for i, p := range s.people {
		if p.does == works || p.does >= calls && p.does <= returns && int8(i) != s.leader {
			n++
		}
	}
	return n
}

// dares reports whether the leader may do a call.
func (c Crew) dares(s *state) bool {
	switch c.Rule.Dares {
	case WhileStandBy:
		return c.standBy(s) > 0
	case WhileCount:
		return c.busy(s) < c.size()-1
	case Always:
		return true
	}
	panic("model: a crew without a rule")
}

// wanting reports whether a leader is wanted.
func (s *state) wanting() bool { return s.leader == nobody && (!s.ending || s.first(turn) >= 0) }
