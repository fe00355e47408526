// SPDX-License-Identifier: GPL-2.0-only

package macvlan

import (
	"errors"
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// kind is the kernel's name for macvlans.
const kind = "macvlan"

// mtuAtFirst is the MTU that an interface is made with, in bytes: too little for
// IPv6, which wants 1280.
const mtuAtFirst = 576

// Make makes the interface, down, and reports whether it did. It adopts one that
// was left behind, up or down. It replaces one with another address if replace
// says that it is not in use. It fails if there is an interface of the name that
// Make has not made, or that is on another parent.
func (i Interface) Make(replace bool) (made bool, err error) {
	err = ask(func(c conn) error {
		made, err = c.make(i, replace)
		return err
	})
	return made, err
}

// Readdress gives the interface another address while it is in use. It fails if an
// interface on the same parent has that address.
func (i Interface) Readdress(mac [6]byte) error {
	return ask(func(c conn) error { return c.readdress(i, mac) })
}

// Up sets the interface up.
func (i Interface) Up() error { return ask(func(c conn) error { return c.up(i) }) }

// Remove removes the interface, if there is one.
func (i Interface) Remove() error { return ask(func(c conn) error { return c.removeOwn(i) }) }

// ask calls f with a connection to the kernel.
func ask(f func(conn) error) error {
	c, err := dial(0)
	if err != nil {
		return err
	}
	defer c.Close()
	return f(c)
}

// readdress is Readdress.
func (c conn) readdress(i Interface, mac [6]byte) error {
	s, found, err := c.look(i.Name)
	switch {
	case err != nil:
		return err
	case !found:
		return fmt.Errorf("readdress interface %s: %w", i.Name, unix.ENODEV)
	}
	if err := i.own(s); err != nil {
		return err
	}
	i.MAC = mac
	return i.explain(c.setMAC(s.index, mac), "readdress")
}

// removeOwn is Remove.
func (c conn) removeOwn(i Interface) error {
	s, found, err := c.look(i.Name)
	if err != nil || !found {
		return err
	}
	if err := i.own(s); err != nil {
		return err
	}
	err = c.remove(s.index)
	if errors.Is(err, unix.ENODEV) { // it was deleted with its parent meanwhile
		return nil
	}
	return i.explain(err, "remove")
}

// up is Up.
func (c conn) up(i Interface) error {
	s, found, err := c.look(i.Name)
	switch {
	case err != nil:
		return err
	case !found:
		return fmt.Errorf("set up interface %s: %w", i.Name, unix.ENODEV)
	}
	return i.explain(c.setUp(s.index), "set up")
}

// own returns why an interface of the name is not one that Make has made.
func (i Interface) own(s state) error {
	if s.kind != kind || s.group != Group {
		return fmt.Errorf("there is an interface %s that vblade has not made; rename it", i.Name)
	}
	return nil
}

// make is Make.
func (c conn) make(i Interface, replace bool) (made bool, err error) {
	parent, found, err := c.look(i.Parent)
	switch {
	case err != nil:
		return false, err
	case !found:
		return false, fmt.Errorf("interface %s: %w", i.Parent, ErrNoParent)
	}
	now, found, err := c.look(i.Name)
	switch {
	case err != nil:
		return false, err
	case !found:
		err = c.makeNew(i, parent)
		return err == nil, err
	}
	if err := i.own(now); err != nil {
		return false, err
	}
	switch {
	case now.lower != parent.index && (parent.kind != kind || now.lower != parent.lower):
		return false, fmt.Errorf("interface %s is not on %s; if nobody uses it: ip link delete %s", i.Name, i.Parent, i.Name)
	case now.mac == i.MAC:
		return false, c.fit(i, now, parent)
	case !replace:
		return false, fmt.Errorf("interface %s has the address %v, not %v", i.Name, net.HardwareAddr(now.mac[:]), net.HardwareAddr(i.MAC[:]))
	}
	if err := i.explain(c.remove(now.index), "remove"); err != nil {
		return false, err
	}
	err = c.makeNew(i, parent)
	return err == nil, err
}

// makeNew makes an interface that does not exist.
func (c conn) makeNew(i Interface, parent state) error {
	if err := i.explain(c.create(i, parent.index, min(parent.mtu, mtuAtFirst)), "make"); err != nil {
		return err
	}
	now, found, err := c.look(i.Name)
	if err == nil && !found {
		err = fmt.Errorf("interface %s has gone as soon as it was made", i.Name)
	}
	if err == nil {
		err = c.fit(i, now, parent)
	}
	if err != nil && found {
		err = errors.Join(err, c.remove(now.index))
	}
	return err
}

// fit gives an interface the parent's MTU, and keeps it from sending. It changes
// nothing that is already right, because each change would wake a Keeper.
func (c conn) fit(i Interface, now, parent state) error {
	if now.mtu != parent.mtu {
		err := c.setMTU(now.index, parent.mtu)
		if err == nil {
			now, _, err = c.look(i.Name) // with IPv6, where the MTU has room for it
		}
		if err != nil {
			return fmt.Errorf("set the MTU of interface %s to %d: %w", i.Name, parent.mtu, err)
		}
	}
	if now.ipv6 {
		if err := c.forbidAddresses(now.index); err != nil {
			return fmt.Errorf("keep IPv6 off interface %s: %w", i.Name, err)
		}
	}
	return nil
}

// explain adds to an error what it means, and what to do about it.
func (i Interface) explain(err error, what string) error {
	mac := net.HardwareAddr(i.MAC[:])
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("%s interface %s: %w (needs root or CAP_NET_ADMIN)", what, i.Name, err)
	case errors.Is(err, unix.EADDRINUSE):
		return fmt.Errorf("%s interface %s: another one on %s has the address %v; give another, or remove that one", what, i.Name, i.Parent, mac)
	case errors.Is(err, unix.EBUSY):
		return fmt.Errorf("%s interface %s: %s is part of a bridge or bond; name that instead", what, i.Name, i.Parent)
	case errors.Is(err, unix.EINVAL) && what == "make":
		return fmt.Errorf("%s interface %s: %s carries no address but its own; name an Ethernet interface", what, i.Name, i.Parent)
	case errors.Is(err, unix.EOPNOTSUPP):
		return fmt.Errorf("%s interface %s: this kernel has no macvlan; try: modprobe macvlan", what, i.Name)
	}
	return fmt.Errorf("%s interface %s: %w", what, i.Name, err)
}
