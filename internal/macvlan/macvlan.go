// SPDX-License-Identifier: GPL-2.0-only

package macvlan

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"net"
	"strconv"
	"strings"
)

// Group is the group of all interfaces that Make has made: AoE's EtherType.
const Group = 0x88a2

// maxName is the longest name of an interface, in bytes (IFNAMSIZ without the NUL).
const maxName = 15

// hashed is how many characters replace a parent's name that is too long.
const hashed = 3

// Interface is an interface with an address of an export's own.
type Interface struct {
	Name   string
	Parent string // the interface that carries its frames
	MAC    [6]byte
}

// Name returns the name of an export's interface on a parent, such as vb9.0-eth0.
// It is always the same. If it would be too long, three characters replace the
// parent's name.
func Name(shelf uint16, slot uint8, parent string) string {
	begin := fmt.Sprintf("vb%d.%d-", shelf, slot)
	if len(begin)+len(parent) <= maxName {
		return begin + parent
	}
	h := fnv.New32a()
	h.Write([]byte(parent))
	digits := strings.Repeat("0", hashed) + strconv.FormatUint(uint64(h.Sum32()), 36)
	return begin + digits[len(digits)-hashed:]
}

// Address returns the address of an export on the link with an index in its list,
// on any host: a2:0e, shelf, slot, link. It is locally administered.
func Address(shelf uint16, slot uint8, link int) [6]byte {
	mac := [6]byte{0xa2, 0x0e, 4: slot, 5: byte(link)}
	binary.BigEndian.PutUint16(mac[2:], shelf)
	return mac
}

// CheckAddress returns why an interface cannot have an address.
func CheckAddress(mac [6]byte) error {
	switch {
	case mac == [6]byte{}:
		return fmt.Errorf("%v is no address of an interface", net.HardwareAddr(mac[:]))
	case mac[0]&1 != 0:
		return fmt.Errorf("%v is the address of a group; give one whose first byte is even, such as a2", net.HardwareAddr(mac[:]))
	}
	return nil
}

// ErrNoParent is the error of an interface whose parent does not exist.
var ErrNoParent = errors.New("no such network interface")

// Log is where a Keeper logs what it has done and could not do.
type Log interface {
	Infof(format string, a ...any)
	Warnf(format string, a ...any)
}

// String says what the interface is.
func (i Interface) String() string {
	return fmt.Sprintf("%s (%v on %s)", i.Name, net.HardwareAddr(i.MAC[:]), i.Parent)
}
