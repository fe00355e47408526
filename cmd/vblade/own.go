// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"

	"vblade/internal/aoe"
	"vblade/internal/control"
	"vblade/internal/journal"
	"vblade/internal/macvlan"
	"vblade/internal/netio"
)

// ownInterfaces are the interfaces of an export's own (--hwaddr). It is nil for
// an export that has none.
type ownInterfaces struct {
	all   []macvlan.Interface
	made  []macvlan.Interface // those that did not exist before
	moved []macvlan.Interface // those that had another address: as they were
}

// interfacesOf returns the interfaces of an export's own, one on each link.
func interfacesOf(e *control.Export) []macvlan.Interface {
	var all []macvlan.Interface
	for i, mac := range e.HWAddr {
		link := e.Links[i]
		all = append(all, macvlan.Interface{Name: macvlan.Name(e.Shelf, e.Slot, link), Parent: link, MAC: mac})
	}
	return all
}

// interfacesOfServed is interfacesOf for an export in the status of a server.
func interfacesOfServed(i control.Info) ([]macvlan.Interface, error) {
	a, err := aoe.ParseAddress(i.Name)
	if err != nil {
		return nil, err
	}
	e := control.Export{Shelf: a.Shelf, Slot: a.Slot, Links: i.Links}
	for n, s := range i.HWAddr {
		mac, ok := parseMAC(s)
		if !ok || n >= len(i.Links) {
			return nil, fmt.Errorf("the server says of %s what is no list of addresses: %q", i.Name, i.HWAddr)
		}
		e.HWAddr = append(e.HWAddr, mac)
	}
	return interfacesOf(&e), nil
}

// interfaceNames returns the names of the interfaces that an export is served on: its
// own, or the links that it names.
func interfaceNames(e *control.Export) []string {
	if len(e.HWAddr) == 0 {
		return e.Links
	}
	var names []string
	for _, i := range interfacesOf(e) {
		names = append(names, i.Name)
	}
	return names
}

// findLinks returns an error for an interface that this host does not have.
func findLinks(names []string) error {
	for _, name := range names {
		if _, err := netio.Address(name); err != nil {
			return err
		}
	}
	return nil
}

// makeOwn makes an export's own interfaces, all or none. It adopts those that
// were left behind; with replace, also those with other addresses. Those in use, by
// exports that this one replaces, get their new addresses, or give theirs up.
func makeOwn(e *control.Export, inUse []macvlan.Interface, replace bool) (*ownInterfaces, error) {
	o := &ownInterfaces{all: interfacesOf(e)}
	if len(o.all) == 0 {
		return nil, nil
	}
	for _, was := range inUse {
		if err := o.yield(was); err != nil {
			return nil, o.undoFor(err)
		}
	}
	for _, i := range o.all {
		if err := o.make(i, inUse, replace); err != nil {
			return nil, o.undoFor(err)
		}
	}
	return o, nil
}

// yield gives an interface in use a spare address if the export needs the one that it
// has for an interface of another name. That in use is removed later.
func (o *ownInterfaces) yield(was macvlan.Interface) error {
	needs := func(i macvlan.Interface) bool {
		return i.Name != was.Name && i.Parent == was.Parent && i.MAC == was.MAC
	}
	if !slices.ContainsFunc(o.all, needs) {
		return nil
	}
	err := o.readdress(was, spare(was.MAC))
	if errors.Is(err, syscall.ENODEV) { // it was deleted, and needs nothing
		return nil
	}
	return err
}

// make is makeOwn for one interface.
func (o *ownInterfaces) make(i macvlan.Interface, inUse []macvlan.Interface, replace bool) error {
	for _, was := range inUse {
		if was.Name == i.Name && was.Parent == i.Parent && was.MAC != i.MAC {
			if err := o.readdress(was, i.MAC); !errors.Is(err, syscall.ENODEV) { // else it is made again
				return err
			}
		}
	}
	made, err := i.Make(replace)
	if made {
		o.made = append(o.made, i)
	}
	return err
}

// readdress gives an interface in use another address.
func (o *ownInterfaces) readdress(was macvlan.Interface, mac aoe.MAC) error {
	err := was.Readdress(mac)
	if err == nil {
		o.moved = append(o.moved, was)
	}
	return err
}

// spare returns the address that an interface has after it has given up mac, until it
// is removed.
func spare(mac aoe.MAC) aoe.MAC {
	mac[1] ^= 0x80
	return mac
}

// up sets the interfaces up.
func (o *ownInterfaces) up() error {
	if o == nil {
		return nil
	}
	for _, i := range o.all {
		if err := i.Up(); err != nil {
			return err
		}
	}
	return nil
}

// undo undoes makeOwn.
func (o *ownInterfaces) undo() error {
	if o == nil {
		return nil
	}
	errs := []error{removeAll(o.made)}
	for _, was := range slices.Backward(o.moved) { // the last first: it may have the address of one before
		errs = append(errs, was.Readdress(was.MAC))
	}
	return errors.Join(errs...)
}

// undoFor undoes makeOwn because of an error, and returns that with what could not be
// undone.
func (o *ownInterfaces) undoFor(err error) error {
	if undo := o.undo(); undo != nil {
		return fmt.Errorf("%w; moreover: %w", err, undo)
	}
	return err
}

// removeOthers removes interfaces, of an export before a change, that it does not
// have any more.
func (o *ownInterfaces) removeOthers(before []macvlan.Interface) error {
	var others []macvlan.Interface
	for _, was := range before {
		if o == nil || !slices.ContainsFunc(o.all, func(i macvlan.Interface) bool { return i.Name == was.Name }) {
			others = append(others, was)
		}
	}
	return removeAll(others)
}

// remove removes the interfaces.
func (o *ownInterfaces) remove() error {
	if o == nil {
		return nil
	}
	return removeAll(o.all)
}

// removeAll removes interfaces.
func removeAll(all []macvlan.Interface) error {
	var errs []error
	for _, i := range all {
		errs = append(errs, i.Remove())
	}
	return errors.Join(errs...)
}

// keep makes the interfaces again if they are deleted with their parents, until
// ctx ends. The channel is closed when it has ended.
func (o *ownInterfaces) keep(ctx context.Context, log *journal.Log) (<-chan struct{}, error) {
	over := make(chan struct{})
	if o == nil {
		close(over)
		return over, nil
	}
	k, err := macvlan.NewKeeper(o.all, log)
	if err != nil {
		close(over)
		return over, err
	}
	go func() {
		defer close(over)
		k.Run(ctx)
	}()
	return over, nil
}
