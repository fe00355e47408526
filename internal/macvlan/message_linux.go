// SPDX-License-Identifier: GPL-2.0-only

package macvlan

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// What x/sys/unix does not have.
const (
	modeBridge  = 4 // MACVLAN_MODE_BRIDGE
	genModeNone = 1 // IN6_ADDR_GEN_MODE_NONE
)

// conn is a route netlink socket, of the namespace of the thread that opened it.
type conn struct{ *netlink.Conn }

// dial opens a conn that hears of changes in groups, or of none with 0.
func dial(groups uint32) (conn, error) {
	c, err := netlink.Dial(unix.NETLINK_ROUTE, &netlink.Config{Groups: groups})
	if err != nil {
		return conn{}, fmt.Errorf("open a route netlink socket: %w", err)
	}
	return conn{c}, nil
}

// state is what the kernel says of an interface.
type state struct {
	index uint32
	flags uint32 // IFF_*
	mtu   uint32 // in bytes
	lower uint32 // the index of the interface below, 0 for none
	group uint32
	kind  string // of a virtual interface; empty for a device's
	mac   [6]byte
	ipv6  bool // the kernel makes it IPv6 addresses
}

// look returns the state of the interface that has a name, and whether there is one.
func (c conn) look(name string) (state, bool, error) {
	attributes, err := encode(func(e *netlink.AttributeEncoder) { e.String(unix.IFLA_IFNAME, name) })
	if err != nil {
		return state{}, false, err
	}
	answer, err := c.Execute(message(unix.RTM_GETLINK, netlink.Request, state{}, 0, attributes))
	if errors.Is(err, unix.ENODEV) {
		return state{}, false, nil
	}
	if err == nil && len(answer) == 0 {
		err = errors.New("the kernel's answer is empty")
	}
	if err != nil {
		return state{}, false, fmt.Errorf("look at interface %s: %w", name, cause(err))
	}
	s, err := parse(answer[0].Data)
	return s, true, err
}

// parse reads a message about an interface: a struct ifinfomsg and attributes.
func parse(b []byte) (state, error) {
	if len(b) < unix.SizeofIfInfomsg {
		return state{}, errors.New("the kernel's message about an interface is too short")
	}
	s := state{index: binary.NativeEndian.Uint32(b[4:]), flags: binary.NativeEndian.Uint32(b[8:])}
	d, err := netlink.NewAttributeDecoder(b[unix.SizeofIfInfomsg:])
	if err != nil {
		return state{}, err
	}
	for d.Next() {
		switch d.Type() {
		case unix.IFLA_ADDRESS:
			copy(s.mac[:], d.Bytes())
		case unix.IFLA_MTU:
			s.mtu = d.Uint32()
		case unix.IFLA_LINK:
			s.lower = d.Uint32()
		case unix.IFLA_GROUP:
			s.group = d.Uint32()
		case unix.IFLA_LINKINFO:
			within(d, unix.IFLA_INFO_KIND, func(d *netlink.AttributeDecoder) { s.kind = d.String() })
		case unix.IFLA_AF_SPEC:
			within(d, unix.AF_INET6, func(d *netlink.AttributeDecoder) {
				within(d, unix.IFLA_INET6_ADDR_GEN_MODE, func(d *netlink.AttributeDecoder) { s.ipv6 = d.Uint8() != genModeNone })
			})
		}
	}
	return s, d.Err()
}

// within calls f with the attribute of a type in an attribute that holds others.
func within(d *netlink.AttributeDecoder, attribute uint16, f func(*netlink.AttributeDecoder)) {
	d.Nested(func(d *netlink.AttributeDecoder) error {
		for d.Next() {
			if d.Type() == attribute {
				f(d)
			}
		}
		return d.Err()
	})
}

// create makes a macvlan on the interface with index lower.
func (c conn) create(i Interface, lower, mtu uint32) error {
	attributes, err := encode(func(e *netlink.AttributeEncoder) {
		e.String(unix.IFLA_IFNAME, i.Name)
		e.Bytes(unix.IFLA_ADDRESS, i.MAC[:])
		e.Uint32(unix.IFLA_LINK, lower)
		e.Uint32(unix.IFLA_MTU, mtu)
		e.Uint32(unix.IFLA_GROUP, Group)
		e.Nested(unix.IFLA_LINKINFO, func(e *netlink.AttributeEncoder) error {
			e.String(unix.IFLA_INFO_KIND, kind)
			e.Nested(unix.IFLA_INFO_DATA, func(e *netlink.AttributeEncoder) error {
				e.Uint32(unix.IFLA_MACVLAN_MODE, modeBridge)
				return nil
			})
			return nil
		})
	})
	if err != nil {
		return err
	}
	quiet := state{flags: unix.IFF_NOARP}
	return c.change(message(unix.RTM_NEWLINK, netlink.Create|netlink.Excl, quiet, unix.IFF_NOARP|unix.IFF_MULTICAST, attributes))
}

// setMTU sets the MTU of an interface.
func (c conn) setMTU(index, mtu uint32) error {
	return c.set(index, func(e *netlink.AttributeEncoder) { e.Uint32(unix.IFLA_MTU, mtu) })
}

// setMAC sets the address of an interface.
func (c conn) setMAC(index uint32, mac [6]byte) error {
	return c.set(index, func(e *netlink.AttributeEncoder) { e.Bytes(unix.IFLA_ADDRESS, mac[:]) })
}

// forbidAddresses keeps the kernel from giving an interface IPv6 addresses.
func (c conn) forbidAddresses(index uint32) error {
	return c.set(index, func(e *netlink.AttributeEncoder) {
		e.Nested(unix.IFLA_AF_SPEC, func(e *netlink.AttributeEncoder) error {
			e.Nested(unix.AF_INET6, func(e *netlink.AttributeEncoder) error {
				e.Uint8(unix.IFLA_INET6_ADDR_GEN_MODE, genModeNone)
				return nil
			})
			return nil
		})
	})
}

// set sets attributes of an interface.
func (c conn) set(index uint32, attributes func(*netlink.AttributeEncoder)) error {
	b, err := encode(attributes)
	if err != nil {
		return err
	}
	return c.change(message(unix.RTM_NEWLINK, 0, state{index: index}, 0, b))
}

// setUp sets an interface up.
func (c conn) setUp(index uint32) error {
	return c.change(message(unix.RTM_NEWLINK, 0, state{index: index, flags: unix.IFF_UP}, unix.IFF_UP, nil))
}

// remove removes an interface.
func (c conn) remove(index uint32) error {
	return c.change(message(unix.RTM_DELLINK, 0, state{index: index}, 0, nil))
}

// change sends the kernel a change, and waits until it is done.
func (c conn) change(m netlink.Message) error {
	m.Header.Flags |= netlink.Request | netlink.Acknowledge
	_, err := c.Execute(m)
	return cause(err)
}

// message returns a message about an interface, which changes of the interface's
// flags those of change.
func message(kind netlink.HeaderType, flags netlink.HeaderFlags, s state, change uint32, attributes []byte) netlink.Message {
	b := make([]byte, unix.SizeofIfInfomsg, unix.SizeofIfInfomsg+len(attributes))
	binary.NativeEndian.PutUint32(b[4:], s.index)
	binary.NativeEndian.PutUint32(b[8:], s.flags)
	binary.NativeEndian.PutUint32(b[12:], change)
	return netlink.Message{Header: netlink.Header{Type: kind, Flags: flags}, Data: append(b, attributes...)}
}

// encode returns the attributes that f writes.
func encode(f func(*netlink.AttributeEncoder)) ([]byte, error) {
	e := netlink.NewAttributeEncoder()
	f(e)
	return e.Encode()
}

// cause returns why the kernel has refused a message, without the name of the
// system call.
func cause(err error) error {
	var op *netlink.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}
