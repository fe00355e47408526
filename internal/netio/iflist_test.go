// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// interfaceMessage lays a message of the list of interfaces as FreeBSD does on
// 64-bit systems: a header of 24 bytes, an if_data of 152, a sockaddr_dl of 54,
// padded to 56.
func interfaceMessage(kind byte, name string, info ifInfo) []byte {
	b := make([]byte, 24+152+56)
	binary.NativeEndian.PutUint16(b[0:], uint16(len(b)))
	b[2], b[3] = 5, kind
	binary.NativeEndian.PutUint32(b[4:], 0x10) // RTA_IFP
	binary.NativeEndian.PutUint32(b[8:], info.flags)
	binary.NativeEndian.PutUint16(b[12:], 3) // the index
	binary.NativeEndian.PutUint16(b[16:], 24+152)
	binary.NativeEndian.PutUint16(b[18:], 24)
	data, link := b[24:], b[24+152:]
	data[0], data[2], data[3], data[4] = 6, 6, 14, info.state
	binary.NativeEndian.PutUint16(data[6:], 152)
	binary.NativeEndian.PutUint32(data[8:], uint32(info.mtu))
	link[0], link[1], link[4], link[5], link[6] = 54, 18, 6, byte(len(name)), 6
	copy(link[8:], name)
	copy(link[8+len(name):], info.mac[:])
	return b
}

// What the tests' interfaces are like.
var (
	em0  = ifInfo{0x8843, 2, 1500, [6]byte{2, 0, 0, 0, 0, 1}}
	em01 = ifInfo{0x8802, 1, 9000, [6]byte{2, 0, 0, 0, 0, 2}}
	lo0  = ifInfo{0x8049, 0, 16384, [6]byte{}}
)

// list returns a list with three interfaces, and an address between them.
func list() []byte {
	address := make([]byte, 40) // RTM_NEWADDR
	address[0], address[3] = 40, 12
	return bytes.Join([][]byte{
		interfaceMessage(14, "em01", em01), address, interfaceMessage(14, "em0", em0), interfaceMessage(14, "lo0", lo0),
	}, nil)
}

// TestFindInList finds interfaces, by the whole of their name.
func TestFindInList(t *testing.T) {
	for name, want := range map[string]ifInfo{"em0": em0, "em01": em01, "lo0": lo0} {
		if got, ok := findInList(list(), name); !ok || got != want {
			t.Errorf("%s is %+v, %v; want %+v", name, got, ok, want)
		}
	}
	for _, name := range []string{"", "em", "em1", "em012", "em0\x02"} {
		if got, ok := findInList(list(), name); ok {
			t.Errorf("%q is %+v", name, got)
		}
	}
	if _, ok := findInList(interfaceMessage(12, "em0", em0), "em0"); ok {
		t.Error("a message about an address is taken for an interface's")
	}
}

// TestFindInListElsewhere finds the parts of a message where it says that they
// are: newer systems may have put something between them.
func TestFindInListElsewhere(t *testing.T) {
	old := interfaceMessage(14, "em0", em0)
	b := bytes.Join([][]byte{old[:24], make([]byte, 8), old[24 : 24+152], make([]byte, 16), old[24+152:]}, nil)
	binary.NativeEndian.PutUint16(b[0:], uint16(len(b)))
	binary.NativeEndian.PutUint16(b[16:], 24+8+152+16)
	binary.NativeEndian.PutUint16(b[18:], 24+8)
	if got, ok := findInList(b, "em0"); !ok || got != em0 {
		t.Errorf("em0 is %+v, %v; want %+v", got, ok, em0)
	}
}

// FuzzFindInList looks for an interface in any bytes: it finds one only with its
// name, and reads nothing outside.
func FuzzFindInList(f *testing.F) {
	f.Add([]byte{}, "em0")
	f.Add(list(), "em0")
	f.Add(list()[:300], "lo0")
	f.Fuzz(func(t *testing.T, b []byte, name string) {
		info, ok := findInList(b, name)
		switch {
		case ok && !bytes.Contains(b, []byte(name)):
			t.Fatalf("%q is found where it is not", name)
		case !ok && info != (ifInfo{}):
			t.Fatalf("%q is not found, but %+v", name, info)
		}
	})
}

// TestFindInListBroken looks into lists that no kernel writes: nothing is found,
// and the search ends.
func TestFindInListBroken(t *testing.T) {
	change := func(at int, value byte) []byte {
		b := interfaceMessage(14, "em0", em0)
		b[at] = value
		return b
	}
	for name, b := range map[string][]byte{
		"nothing":                          {},
		"a message of no length":           bytes.Join([][]byte{make([]byte, 40), list()}, nil),
		"a message cut short":              list()[:100],
		"a message that is short":          {23, 0, 5, 14, 22: 0, 40: 0},
		"an address past the end":          change(16, 255),
		"an address at the end":            change(16, 226),
		"data past the end":                change(18, 255),
		"data at the end":                  change(18, 222),
		"a name past the end":              change(24+152+5, 255),
		"a link address that ends outside": change(24+152+6, 255),
	} {
		if info, ok := findInList(b, "em0"); ok {
			t.Errorf("%s: found %+v", name, info)
		}
	}
}
