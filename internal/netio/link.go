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
	ReceiveBuffer int                  // bytes of frames that the kernel holds for us
	Buffers       int                  // how many frame buffers Link.Buffers returns
	Align         int                  // offset of the byte in each that begins a page
	// Fast makes the Link use the fastest ways to receive and send that there
	// are. They take more memory: ReceiveBuffer once more, 128 spare buffers
	// instead of 64, and all of every buffer instead of the part that frames of
	// the MTU use.
	Fast bool
	// Foreign makes the Link also receive frames to other stations, for a station
	// whose address is not the interface's. It then receives frames of VLANs that
	// the host does not know, too.
	Foreign bool
}

// What Link.Down says.
var (
	ErrDown      = errors.New("the interface is down")
	ErrNoCarrier = errors.New("no carrier")
	ErrGone      = errors.New("the interface is gone")
)

// findInterface looks an interface up. If it does not exist, the error lists
// those that do.
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
	var mac [6]byte // stays zero for the loopback interface
	copy(mac[:], ifi.HardwareAddr)
	return mac, nil
}
