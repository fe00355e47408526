// SPDX-License-Identifier: GPL-2.0-only

package endurance

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/initiator"
)

// admin changes the state of a target that others use: for them nothing changes,
// but it does for a stranger.
type admin struct {
	target   *initiator.Target
	stranger *initiator.Target // whom reservations leave out
	shunned  *initiator.Target // whom masks leave out; it does not wait for long
	insiders []aoe.MAC         // the admin, and all that use the target
	count    int
}

// newAdmin returns the admin of a soak's target.
func newAdmin(s *soak) *admin {
	station := func(i int, patience time.Duration) *initiator.Target {
		return s.find(initiator.Options{MAC: station(i), Patience: patience}, 9, 0)
	}
	a := &admin{
		target:   station(soakLoads, soakPatience),
		stranger: station(soakLoads+1, soakPatience),
		shunned:  station(soakLoads+2, 100*time.Millisecond),
	}
	a.insiders = append(a.insiders, a.target.Initiator().MAC())
	for _, l := range s.loads {
		a.insiders = append(a.insiders, l.target.Initiator().MAC())
	}
	return a
}

// renew learns the address that the target's interface has now.
func (a *admin) renew() error {
	found, err := a.target.Initiator().Find(9, 0)
	if err != nil {
		return err
	}
	for _, t := range []*initiator.Target{a.target, a.stranger, a.shunned} {
		t.MAC = found.MAC
	}
	return nil
}

// configure sets the config string.
func (a *admin) configure() error {
	if err := a.renew(); err != nil {
		return err
	}
	a.count++
	want := fmt.Sprintf("number %d", a.count)
	if _, err := a.target.ConfigString(aoe.ConfigForceSet, want); err != nil {
		return err
	}
	if got, err := a.target.ConfigString(aoe.ConfigRead, ""); err != nil || got != want {
		return fmt.Errorf("is %q instead of %q: %w", got, want, err)
	}
	return nil
}

// mask shuts a stranger out, and lets it in again.
func (a *admin) mask() error {
	if err := a.renew(); err != nil {
		return err
	}
	if list, err := a.target.EditMasks(a.directives(aoe.DirectiveAdd)...); err != nil || !slices.Equal(list, a.insiders) {
		return fmt.Errorf("the list is %v instead of %v: %w", list, a.insiders, err)
	}
	var late *initiator.TimeoutError
	if _, err := a.shunned.Identify(); !errors.As(err, &late) {
		return fmt.Errorf("who is masked out is answered: %w", err)
	}
	if list, err := a.target.EditMasks(a.directives(aoe.DirectiveDelete)...); err != nil || len(list) > 0 {
		return fmt.Errorf("the list is %v instead of empty: %w", list, err)
	}
	_, err := a.stranger.Identify()
	return err
}

// directives does the same to every insider.
func (a *admin) directives(op aoe.DirectiveOp) []initiator.Directive {
	var list []initiator.Directive
	for _, m := range a.insiders {
		list = append(list, initiator.Directive{Op: op, MAC: m})
	}
	return list
}

// reserve reserves the target for the insiders, and releases it.
func (a *admin) reserve() error {
	if err := a.renew(); err != nil {
		return err
	}
	if list, err := a.target.Reserve(false, a.insiders...); err != nil || !slices.Equal(list, a.insiders) {
		return fmt.Errorf("it is for %v instead of %v: %w", list, a.insiders, err)
	}
	var refused *initiator.AoEError
	if _, err := a.stranger.ReadAt(make([]byte, sectorSize), 0); !errors.As(err, &refused) || refused.Code != aoe.ErrReserved {
		return fmt.Errorf("who is left out is answered: %w", err)
	}
	if list, err := a.target.Reserve(false); err != nil || len(list) > 0 {
		return fmt.Errorf("it is for %v after its release: %w", list, err)
	}
	_, err := a.stranger.ReadAt(make([]byte, sectorSize), 0)
	return err
}
