// SPDX-License-Identifier: GPL-2.0-only

package model_test

import (
	"fmt"
	"strings"
	"testing"

	"vblade/test/model"
)

// TestRule explores crews that follow the server's rule.
func TestRule(t *testing.T) {
	for _, size := range []struct{ leads, workers, requests int }{
		{2, 1, 4}, {2, 2, 3}, {2, 2, 4}, {2, 3, 4}, {3, 1, 4}, {3, 2, 4}, {4, 1, 4},
	} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			n, err := model.Explore(model.Crew{
				Leads: size.leads, Workers: size.workers, Requests: size.requests,
				Rule: model.Rule{Dares: model.WhileStandBy},
			})
			t.Logf("%d states", n)
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// TestFaults sees that the explorer finds what is wrong with other rules. The
// first is the one that the server had: the leader does a call itself though
// the last who is free is about to take a queued one, and then nobody can lead.
func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		crew  model.Crew
		fault string
	}{
		"anybody leads, while a count says so": {
			model.Crew{Leads: 2, Workers: 1, Requests: 3, Rule: model.Rule{Shared: true, Dares: model.WhileCount}},
			"no frame can be received",
		},
		"leads that do queued requests": {
			model.Crew{Leads: 2, Workers: 1, Requests: 3, Rule: model.Rule{Shared: true, Dares: model.WhileStandBy}},
			"no frame can be received",
		},
		"a leader without a successor": {
			model.Crew{Leads: 2, Workers: 1, Requests: 3, Rule: model.Rule{Dares: model.Always}},
			"no frame can be received",
		},
		"a count of calls, not of leads": {
			model.Crew{Leads: 2, Workers: 2, Requests: 3, Rule: model.Rule{Dares: model.WhileCount}},
			"no frame can be received",
		},
		"a turn that keeps what its leader does": {
			model.Crew{Leads: 2, Workers: 1, Requests: 2, Rule: model.Rule{Dares: model.WhileStandBy, LateTurn: true}},
			"in 2 places",
		},
	} {
		t.Run(name, func(t *testing.T) {
			n, err := model.Explore(c.crew)
			t.Logf("%d states: %v", n, err)
			if err == nil || !strings.Contains(err.Error(), c.fault) {
				t.Errorf("found %v, want %q", err, c.fault)
			}
		})
	}
}
