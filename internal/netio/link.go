// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"golang.org/x/net/bpf"
)

// MaxBatch is the most frames that one call receives or sends.
const MaxBatch = 64

// headerLen is the length of the Ethernet header, which an MTU does not count.
const headerLen = 14

// Config is what a Link is opened with.
type Config struct {
	EtherType     uint16               // the only type received
	Filter        []bpf.RawInstruction // the only frames received, from the first on
	ReceiveBuffer int                  // bytes of frames that the kernel shall hold for us
	Buffers       int                  // how many frame buffers Link.Buffers returns
	Align         int                  // the byte of each that begins a page
	// Fast has frames received and sent by the fastest ways there are, which take
	// more memory: ReceiveBuffer once more, 128 spare buffers, and all buffers
	// are locked.
	Fast bool
	// Foreign has frames received that are addressed to other stations, too: for
	// a station whose address is not the interface's. VLANs cannot be told apart
	// then, where the interface has none.
	Foreign bool
}

// What Link.Down says.
var (
	ErrDown      = errors.New("the interface is down")
	ErrNoCarrier = errors.New("no carrier")
	ErrGone      = errors.New("the interface is gone")
)

// findInterface looks an interface up and says which there are if it is unknown.
func findInterface(name string) (*net.Interface, error) {
	ifi, err := net.InterfaceByName(name)
	if err == nil {
		return ifi, nil
	}
	all, listErr := net.Interfaces()
	if listErr != nil {
		return nil, fmt.Errorf("interface %s: %w", name, err)
	}
	names := make([]string, len(all))
	for i := range all {
		names[i] = all[i].Name
	}
	return nil, fmt.Errorf("interface %s: no such network interface; there are %s", name, strings.Join(names, ", "))
}

// Address returns the Ethernet address of an interface.
func Address(name string) ([6]byte, error) {
	ifi, err := findInterface(name)
	if err != nil {
		return [6]byte{}, err
	}
	var mac [6]byte // the loopback interface's, which has none of its own
	copy(mac[:], ifi.HardwareAddr)
	return mac, nil
}
