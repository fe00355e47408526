// SPDX-License-Identifier: GPL-2.0-only

package model

import (
	"fmt"
	"strings"
)

// graph is all states that a crew can be in, and the ways between them.
type graph struct {
	crew   Crew
	states []state
	by     []string  // what led to each first
	from   []int32   // from which one
	before [][]int32 // from where each can be reached in one step
}

// Explore explores a crew. It returns the number of its states and the first fault
// that it finds, as the steps that lead to it; a nil error means that there is none.
func Explore(c Crew) (states int, err error) {
	g := &graph{crew: c}
	if err := g.fill(); err != nil {
		return len(g.states), err
	}
	for _, p := range []struct {
		fault    string
		of, goal func(*state) bool
	}{
		{"no frame can be received any more",
			func(s *state) bool { return !s.ending },
			func(s *state) bool {
				return s.leader != nobody && s.people[s.leader].does == leads && s.first(turn) < 0
			}},
		{"the end does not come, though no call hangs",
			func(s *state) bool { return s.ending && !s.hangs() },
			(*state).over},
		{"a request stays in the turn though there is nothing to wait for",
			func(s *state) bool { return s.first(turn) >= 0 },
			func(s *state) bool { return s.first(turn) < 0 }},
	} {
		if err := g.leadsTo(p.fault, p.of, p.goal); err != nil {
			return len(g.states), err
		}
	}
	return len(g.states), nil
}

// fill finds all states, breadth first, and looks at each.
func (g *graph) fill() error {
	index := map[state]int32{}
	reach := func(s state, from int32, by string) int32 {
		i, known := index[s]
		if !known {
			i = int32(len(g.states))
			index[s] = i
			g.states, g.by, g.from = append(g.states, s), append(g.by, by), append(g.from, from)
			g.before = append(g.before, nil)
		}
		return i
	}
	reach(g.crew.start(), nobody, "")
	for i := int32(0); int(i) < len(g.states); i++ {
		if fault := g.crew.fault(&g.states[i]); fault != "" {
			return g.trace(fault, i)
		}
		for _, n := range g.crew.steps(g.states[i]) {
			to := reach(n.to, i, n.what)
			g.before[to] = append(g.before[to], i)
		}
	}
	return nil
}

// fault returns what is wrong in a state, whatever follows.
func (c Crew) fault(s *state) string {
	for r := range s.place {
		places := 0
		if s.place[r] == turn || s.place[r] == queued || s.place[r] == done {
			places++
		}
		for _, p := range s.people {
			if p.does >= calls && p.does <= works && int(p.request) == r {
				places++
			}
		}
		switch {
		case s.replies[r] > 1:
			return fmt.Sprintf("request %d is answered twice", r)
		case s.place[r] != outside && places == 0:
			return fmt.Sprintf("request %d is lost", r)
		case places > 1 && !(c.Rule.LateTurn && s.odd):
			return fmt.Sprintf("request %d is in %d places", r, places)
		case s.over() && s.place[r] != outside && s.place[r] != done:
			return fmt.Sprintf("all have gone, and request %d is not answered", r)
		}
	}
	leading := 0
	for _, p := range s.people {
		if p.does == leads || p.does == dares {
			leading++
		}
	}
	if leading > 1 {
		return "two lead"
	}
	return ""
}

// hangs reports whether a call hangs.
func (s *state) hangs() bool {
	for _, p := range s.people {
		if p.hangs {
			return true
		}
	}
	return false
}

// over reports whether all have gone.
func (s *state) over() bool {
	for _, p := range s.people {
		if p.does != gone {
			return false
		}
	}
	return true
}

// leadsTo checks that from every state of some a goal can be reached, whatever
// calls hang already. The goals are followed backwards.
func (g *graph) leadsTo(fault string, of, goal func(*state) bool) error {
	good := make([]bool, len(g.states))
	var list []int32
	for i := range g.states {
		if goal(&g.states[i]) {
			good[i] = true
			list = append(list, int32(i))
		}
	}
	for len(list) > 0 {
		i := list[len(list)-1]
		list = list[:len(list)-1]
		for _, b := range g.before[i] {
			if !good[b] {
				good[b] = true
				list = append(list, b)
			}
		}
	}
	for i := range g.states {
		if of(&g.states[i]) && !good[i] {
			return g.trace(fault, int32(i))
		}
	}
	return nil
}

// trace is a fault as an error, with the shortest way to it.
func (g *graph) trace(fault string, i int32) error {
	var way []string
	for ; g.from[i] != nobody; i = g.from[i] {
		way = append([]string{g.by[i]}, way...)
	}
	return fmt.Errorf("%s after:\n\t%s", fault, strings.Join(way, "\n\t"))
}
