// SPDX-License-Identifier: GPL-2.0-only

package model

import "fmt"

// step is a way from a state to another.
type step struct {
	what string
	to   state
}

// steps returns all that may happen next.
func (c Crew) steps(s state) []step {
	var list []step
	add := func(what string, to state) { list = append(list, step{what, to}) }
	if !s.ending {
		to := s
		to.ending = true
		add("the end begins", to)
	}
	c.watch(s, add)
	for i := range c.size() {
		c.person(s, i, add)
	}
	return list
}

// watch adds what the watch may do: it looks at a call, and at the second look
// takes the lead from who is in it.
func (c Crew) watch(s state, add func(string, state)) {
	if !s.odd {
		return
	}
	to := s
	if !s.watched {
		to.watched = true
		add("the watch sees the call", to)
		return
	}
	to.odd, to.watched, to.leader = false, false, nobody
	add(fmt.Sprintf("the watch deposes %d", s.leader), to)
}

// person adds what one of the crew may do.
func (c Crew) person(s state, i int, add func(string, state)) {
	p := s.people[i]
	switch p.does {
	case waits:
		c.wait(s, i, add)
	case leads:
		c.lead(s, i, add)
	case dares:
		to := s
		to.people[i].does, to.odd, to.watched = calls, true, false
		if !c.Rule.LateTurn {
			to.place[p.request] = inHand
		}
		c.call(to, i, fmt.Sprintf("leader %d does request %d", i, p.request), add)
	case calls:
		if !p.hangs {
			to := s
			to.people[i].does = returns
			add(fmt.Sprintf("the call of %d is over", i), to)
		}
	case returns:
		c.comeBack(s, i, add)
	case works:
		if !p.hangs {
			to := s
			to.answer(p.request)
			to.people[i] = person{}
			add(fmt.Sprintf("%d has done request %d", i, p.request), to)
		}
	}
}

// call adds a call that begins: one that ends and one that never does.
func (c Crew) call(to state, i int, what string, add func(string, state)) {
	add(what, to)
	to.people[i].hangs = true
	add(what+", which hangs", to)
}

// answer is a request's reply.
func (s *state) answer(r int8) {
	s.place[r] = done
	s.replies[r]++
}

// wait adds what somebody that waits may do.
func (c Crew) wait(s state, i int, add func(string, state)) {
	to := s
	switch r := s.first(queued); {
	case c.mayLead(i) && s.wanting():
		to.leader, to.people[i].does = int8(i), leads
		add(fmt.Sprintf("%d leads", i), to)
	case c.mayWork(i) && r >= 0:
		to.place[r], to.people[i] = inHand, person{does: works, request: r}
		c.call(to, i, fmt.Sprintf("%d takes request %d", i, r), add)
	case s.ending && s.leader == nobody && s.first(inHand) < 0 && s.first(queued) < 0 && !s.wanting():
		to.people[i].does = gone
		add(fmt.Sprintf("%d goes home", i), to)
	}
}

// lead adds what a leader may do that is not in a call: to receive, or what there
// is to do with the first request of its turn.
func (c Crew) lead(s state, i int, add func(string, state)) {
	r := s.first(turn)
	to := s
	switch {
	case r >= 0:
		to.place[r] = queued
		add(fmt.Sprintf("leader %d lends request %d", i, r), to)
		to = s
		to.answer(r)
		add(fmt.Sprintf("leader %d answers request %d at once", i, r), to)
		if c.dares(&s) {
			to = s
			to.people[i] = person{does: dares, request: r}
			add(fmt.Sprintf("leader %d dares to do request %d", i, r), to)
		}
	case s.ending:
		to.leader, to.people[i] = nobody, person{}
		add(fmt.Sprintf("leader %d has ended", i), to)
	default:
		for n := range 2 {
			r := to.first(outside)
			if r < 0 || int(r) >= c.Requests {
				return
			}
			to.place[r] = turn
			add(fmt.Sprintf("leader %d receives %d", i, n+1), to)
		}
	}
}

// comeBack adds what a leader does after a call: it leads on, or finds that it
// was deposed, and waits.
func (c Crew) comeBack(s state, i int, add func(string, state)) {
	to := s
	to.answer(s.people[i].request)
	to.people[i] = person{}
	what := fmt.Sprintf("%d, deposed, has done request %d", i, s.people[i].request)
	if s.odd && s.leader == int8(i) {
		to.odd, to.watched, to.people[i].does = false, false, leads
		what = fmt.Sprintf("leader %d has done request %d", i, s.people[i].request)
	}
	add(what, to)
}
