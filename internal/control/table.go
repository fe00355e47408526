// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// state is the state of an export in the table.
type state int

const (
	coming  state = iota // the engine is being asked to serve it
	serving              // the engine serves it and owns its disk
	failed               // it was there before a restart, and cannot be served now
	going                // the engine is being asked to end it
	gone                 // its disk is gone or broken: it was ended, and its disk closed
)

// entry is an export in the table.
type entry struct {
	*Export
	state   state
	trouble error // of failed and gone
}

// table is all exports, by name. An entry that is coming or going belongs to the
// goroutine that brought it into that state.
type table struct {
	mu      sync.Mutex
	entries map[string]*entry
	frozen  bool // nothing comes or goes, because a successor takes over
}

// errAgain is the error of a request that may succeed when it is repeated soon.
var errAgain = errors.New("try again")

// errHandover is why nothing comes or goes.
var errHandover = fmt.Errorf("the server is handing over to its successor; %w", errAgain)

// busy returns an error that says that an entry is coming or going.
func (e *entry) busy() error {
	switch e.state {
	case coming:
		return fmt.Errorf("%s is being added; %w", e.Name(), errAgain)
	case going:
		return fmt.Errorf("%s is being removed; %w", e.Name(), errAgain)
	}
	return nil
}

// Outcome is the result of adding an export.
type Outcome string

const (
	Added   Outcome = "added"   // none of its address was served
	Kept    Outcome = "kept"    // the same is served already
	Changed Outcome = "changed" // another of its address was served

	// Clients see this as Kept: the same is served, and now belongs to a conf
	// file.
	adopted Outcome = "adopted"
)

// arrive enters e as coming. It replaces an export that is not served, and
// returns it as old. If the same is served already, or another one that has to be
// changed to e, it returns that as now, which is coming if there is something to
// do.
func (t *table) arrive(e *Export, change bool) (now, old *entry, did Outcome, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if did, err = t.outcome(e, change); err != nil {
		return nil, nil, "", err
	}
	old = t.entries[e.Name()]
	if did == Added {
		now = &entry{Export: e, state: coming}
		t.entries[e.Name()] = now
		return now, old, Added, nil
	}
	if did == Changed || did == adopted {
		old.state = coming
	}
	return old, nil, did, nil
}

// decide returns the outcome of adding e, or why it cannot be added.
func (t *table) decide(e *Export, change bool) (Outcome, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	did, err := t.outcome(e, change)
	if did == adopted {
		did = Kept
	}
	return did, err
}

// outcome returns the outcome of adding e, or why it cannot be added. The caller
// holds t.mu.
func (t *table) outcome(e *Export, change bool) (Outcome, error) {
	if t.frozen {
		return "", errHandover
	}
	old := t.entries[e.Name()]
	switch {
	case old == nil:
		return Added, nil
	case old.busy() != nil:
		return "", old.busy()
	case old.state != serving:
		return Added, nil
	case old.same(e) && (e.Conf == "" || e.Conf == old.Conf):
		return Kept, nil
	case old.same(e) && (change || old.Conf == ""):
		return adopted, nil
	case change:
		return Changed, nil
	}
	unlike := ""
	if names := old.differences(e); len(names) > 0 {
		unlike = ", but not with the same " + strings.Join(names, ", ")
	}
	return "", fmt.Errorf("%s is served already%s: %s; give another shelf or slot, or first: vblade remove %s", e.Name(), unlike, old.describe(), e.Name())
}

// depart marks the export of a name as going, and returns it with its previous
// state.
func (t *table) depart(name string) (*entry, state, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.frozen {
		return nil, going, errHandover
	}
	e := t.entries[name]
	if e == nil {
		return nil, going, notServed(name)
	}
	if err := e.busy(); err != nil {
		return nil, going, err
	}
	was := e.state
	e.state = going
	return e, was, nil
}

// notServed returns an error that says that there is no export of a name.
func notServed(name string) error {
	return fmt.Errorf("%s is not served here; vblade status lists what is", name)
}

// checkServed says why the export of a name is not served; without a name there is
// nothing to say.
func (t *table) checkServed(name string) error {
	if name == "" {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.entries[name]
	switch {
	case e == nil:
		return notServed(name)
	case e.state == failed:
		return fmt.Errorf("%s is not served: %w", name, e.trouble)
	}
	return e.busy()
}

// checkIdle returns an error if there is an export of a name that is coming or going.
func (t *table) checkIdle(name string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e := t.entries[name]; e != nil {
		return e.busy()
	}
	return nil
}

// settle ends coming: e is served, or has failed with an error.
func (t *table) settle(e *entry, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e.state, e.trouble = serving, err
	if err != nil {
		e.state = failed
	}
}

// stay undoes depart.
func (t *table) stay(e *entry, was state) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e.state = was
}

// lose marks e, which is going, as one whose disk is gone.
func (t *table) lose(e *entry, why error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e.state, e.trouble = gone, why
}

// renew replaces the Export of e, which is served or has failed with an error.
func (t *table) renew(e *entry, export *Export, err error) {
	t.mu.Lock()
	e.Export = export
	t.mu.Unlock()
	t.settle(e, err)
}

// withdraw undoes arrive, which has returned now and old.
func (t *table) withdraw(now, old *entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if old == nil {
		delete(t.entries, now.Name())
		return
	}
	t.entries[now.Name()] = old
}

// forget removes e, which is coming or going.
func (t *table) forget(e *entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.entries, e.Name())
}

// retry marks the exports that have failed as coming and returns them.
func (t *table) retry() []*entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	var again []*entry
	for _, e := range t.entries {
		if e.state == failed && !t.frozen {
			e.state = coming
			again = append(again, e)
		}
	}
	return again
}

// freeze keeps everything as it is until thaw, and returns the entries that have
// a disk, in order. It fails while an entry is coming or going.
func (t *table) freeze() ([]*entry, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.frozen {
		return nil, errHandover
	}
	for _, e := range t.entries {
		if err := e.busy(); err != nil {
			return nil, err
		}
	}
	t.frozen = true
	return slices.DeleteFunc(t.sorted(), func(e *entry) bool { return e.state == gone }), nil
}

// thaw ends freeze.
func (t *table) thaw() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.frozen = false
}

// sorted returns all entries by shelf and slot.
func (t *table) sorted() []*entry {
	all := make([]*entry, 0, len(t.entries))
	for _, e := range t.entries {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b *entry) int {
		return (int(a.Shelf)-int(b.Shelf))<<8 + int(a.Slot) - int(b.Slot)
	})
	return all
}
