// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/internal/macvlan"
	"vblade/internal/statefile"
)

// Bounds of an Export.
const (
	MaxLinks    = 16
	maxFilename = 4096
	maxLinkName = 15 // bytes, IFNAMSIZ without the NUL
	maxSectors  = 1 << 48
	maxAnnounce = 24 * 60 * 60 // seconds
)

// Export is what a server serves under an address.
type Export struct {
	Shelf    uint16
	Slot     uint8
	Links    []string  // names of interfaces, each once
	HWAddr   []aoe.MAC // addresses of its own, one for each of Links; empty for those of the links
	Filename string    // as the process that opened it sees it; to be shown, never opened
	Conf     string    // the path of the conf file that it is from; empty for none
	File     ata.Options
	Buffers  uint16 // advertised
	Masks    []aoe.MAC
	Serial   string        // in IDENTIFY; empty for one made of the address and the host's name
	FailStop bool          // it is withdrawn once its disk is gone or broken
	Announce time.Duration // advertised again and again, so often; 0 for at the start only
	Disk     *ata.File
	State    *statefile.File // where what initiators set is kept; nil where it is not

	Exclusive bool // it is not served where another target has its address already

	remark string // a remark for the client that has added it; may be empty
}

// Name is the address as initiators write it, such as e9.0.
func (e *Export) Name() string { return name(e.Shelf, e.Slot) }

// name is the address of shelf and slot.
func name(shelf uint16, slot uint8) string { return fmt.Sprintf("e%d.%d", shelf, slot) }

// ParseName reads an address in the form of Name.
func ParseName(s string) (shelf uint16, slot uint8, err error) {
	first, second, _ := strings.Cut(strings.TrimPrefix(s, "e"), ".")
	n, errShelf := strconv.ParseUint(first, 10, 16)
	m, errSlot := strconv.ParseUint(second, 10, 8)
	if errShelf != nil || errSlot != nil || name(uint16(n), uint8(m)) != s {
		return 0, 0, fmt.Errorf("%q is no address; write e<shelf>.<slot>, such as e9.0", s)
	}
	return uint16(n), uint8(m), nil
}

// parameters is an Export without its disk, as it is written in JSON.
type parameters struct {
	Shelf    uint16   `json:"shelf"`
	Slot     uint8    `json:"slot"`
	Links    []string `json:"links"`
	HWAddr   []string `json:"hwaddr,omitempty"`
	Filename string   `json:"filename"`
	Conf     string   `json:"conf,omitempty"`
	Offset   int64    `json:"offset"` // in sectors, as the length
	Length   int64    `json:"length"`
	ReadOnly bool     `json:"readOnly"`
	Direct   bool     `json:"direct"`
	Sync     bool     `json:"sync"`
	Buffers  uint16   `json:"buffers"`
	Masks    []string `json:"masks"`
	Serial   string   `json:"serial,omitempty"`
	FailStop bool     `json:"failStop,omitempty"`

	Exclusive bool       `json:"exclusive,omitempty"`
	StateFile *stateFile `json:"stateFile,omitempty"`
	Announce  int64      `json:"announce,omitempty"` // in seconds
}

// parameters returns e without its disk. The number of descriptors is not a
// parameter.
func (e *Export) parameters() *parameters {
	p := &parameters{
		Shelf: e.Shelf, Slot: e.Slot, Links: e.Links, Filename: e.Filename, Buffers: e.Buffers, FailStop: e.FailStop, Exclusive: e.Exclusive, Conf: e.Conf,
		Offset: e.File.Offset, Length: e.File.Length,
		ReadOnly: e.File.ReadOnly, Direct: e.File.Direct, Sync: e.File.Sync,
		Masks: encodeMACs(e.Masks), HWAddr: encodeMACs(e.HWAddr), Serial: e.Serial,
		Announce: int64(e.Announce / time.Second),
	}
	if e.State != nil {
		p.StateFile = &stateFile{Path: e.State.Path(), ID: e.State.ID()}
	}
	return p
}

// encodeMACs writes MACs in 12 hexadecimal digits each.
func encodeMACs(macs []aoe.MAC) []string {
	texts := make([]string, len(macs))
	for i, m := range macs {
		texts[i] = hex.EncodeToString(m[:])
	}
	return texts
}

// decodeMACs reads MACs in the form of encodeMACs; what is for the error.
func decodeMACs(texts []string, what string) ([]aoe.MAC, error) {
	var macs []aoe.MAC
	for _, s := range texts {
		b, err := hex.DecodeString(s)
		if err != nil || len(b) != aoe.MACLen {
			return nil, fmt.Errorf("%s %q is no MAC of 12 hexadecimal digits", what, s)
		}
		macs = append(macs, aoe.MAC(b))
	}
	return macs, nil
}

// Encode writes e without its disk, for Decode.
func (e *Export) Encode() ([]byte, error) { return json.Marshal(e.parameters()) }

// Decode makes an Export from what Encode has written and the descriptors of its
// disk. It owns these, and closes them if it fails.
func Decode(encoded []byte, files []*os.File) (*Export, error) {
	p := new(parameters)
	if err := decode(encoded, p); err != nil {
		closeAll(files)
		return nil, err
	}
	return p.open(files)
}

// open makes an Export from the parameters and the descriptors of its disk. It
// owns these, and closes them if it fails.
func (p *parameters) open(files []*os.File) (*Export, error) {
	e, err := p.export()
	if err != nil {
		closeAll(files)
		return nil, err
	}
	if files, err = p.openState(e, files); err != nil {
		closeAll(files)
		return nil, err
	}
	if e.Disk, err = ata.FromDescriptors(e.Filename, e.File, files); err != nil {
		if e.State != nil {
			e.State.Close()
		}
		return nil, err
	}
	return e, nil
}

// export checks the parameters and returns the Export, still without its disk.
func (p *parameters) export() (*Export, error) {
	e := &Export{
		Shelf: p.Shelf, Slot: p.Slot, Links: p.Links, Filename: p.Filename, Buffers: p.Buffers, FailStop: p.FailStop, Exclusive: p.Exclusive, Conf: p.Conf, Serial: p.Serial,
		File: ata.Options{Offset: p.Offset, Length: p.Length, ReadOnly: p.ReadOnly, Direct: p.Direct, Sync: p.Sync},
	}
	if p.Announce < 0 || p.Announce > maxAnnounce {
		return nil, fmt.Errorf("announced every %d seconds; give 0 for never, up to %d", p.Announce, maxAnnounce)
	}
	e.Announce = time.Duration(p.Announce) * time.Second
	var err error
	if e.Masks, err = decodeMACs(p.Masks, "mask"); err != nil {
		return nil, err
	}
	if e.HWAddr, err = decodeMACs(p.HWAddr, "hwaddr"); err != nil {
		return nil, err
	}
	return e, e.Check()
}

// Check returns what is wrong with an Export, apart from its disk.
func (e *Export) Check() error {
	switch {
	case e.Shelf == aoe.EveryShelf || e.Slot == aoe.EverySlot:
		return fmt.Errorf("%s is the address of every target; give another", e.Name())
	case e.Buffers == 0:
		return errors.New("no buffers; give 1 to 65535")
	case e.File.Offset < 0 || e.File.Offset > maxSectors || e.File.Length < 0 || e.File.Length > maxSectors:
		return fmt.Errorf("offset %d or length %d is out of range; give 0 to %d sectors", e.File.Offset, e.File.Length, int64(maxSectors))
	case len(e.Masks) > blade.MaxMasks:
		return fmt.Errorf("%d masks; give at most %d", len(e.Masks), blade.MaxMasks)
	}
	if err := checkFilename("file", e.Filename); err != nil {
		return err
	}
	if e.Conf != "" {
		if err := checkFilename("conf file", e.Conf); err != nil {
			return err
		}
	}
	if err := CheckLinks(e.Links); err != nil {
		return err
	}
	if err := blade.CheckSerial(e.Serial); err != nil {
		return err
	}
	return e.checkHWAddr()
}

// checkHWAddr refuses addresses of the export's own that are not one for each link.
func (e *Export) checkHWAddr() error {
	if n := len(e.HWAddr); n != 0 && n != len(e.Links) {
		return fmt.Errorf("%d own addresses for %d interfaces; give one for each", n, len(e.Links))
	}
	for _, m := range e.HWAddr {
		if err := macvlan.CheckAddress(m); err != nil {
			return err
		}
	}
	return nil
}

// checkFilename refuses names that cannot be sent to the server and shown by it.
func checkFilename(what, s string) error {
	switch {
	case s == "":
		return fmt.Errorf("the %s has no name", what)
	case len(s) > maxFilename:
		return fmt.Errorf("the %s's name has %d bytes; at most %d are allowed", what, len(s), maxFilename)
	case !utf8.ValidString(s):
		return fmt.Errorf("the %s's name %q is not UTF-8; give it another, for example by a symbolic link", what, s)
	case strings.ContainsFunc(s, isControl):
		return fmt.Errorf("the %s's name %q has control characters; give it another, for example by a symbolic link", what, s)
	}
	return nil
}

// isControl reports whether a character may control a terminal.
func isControl(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }

// CheckLinks refuses a list of interfaces that is empty, names one twice, or has
// an invalid name.
func CheckLinks(links []string) error {
	if n := len(links); n == 0 || n > MaxLinks {
		return fmt.Errorf("%d interfaces; give 1 to %d", n, MaxLinks)
	}
	for i, link := range links {
		switch {
		case link == "":
			return fmt.Errorf("interface number %d of the list has no name", i+1)
		case len(link) > maxLinkName || link == "." || link == ".." || strings.ContainsFunc(link, notInLink):
			return fmt.Errorf("%q cannot be an interface's name", link)
		case slices.Contains(links[:i], link):
			return fmt.Errorf("interface %s is named twice", link)
		}
	}
	return nil
}

// notInLink reports whether a character cannot be part of an interface's name.
func notInLink(r rune) bool { return r <= ' ' || r == '/' || r == ':' || r >= 0x7f }

// same reports whether e and other export the same file in the same way. The name
// that the file was opened by, and the conf file, do not matter.
func (e *Export) same(other *Export) bool {
	options, others := e.File, other.File
	options.Writers, others.Writers = 0, 0
	options.Force, others.Force = false, false // which matters only for opening
	return e.Shelf == other.Shelf && e.Slot == other.Slot && options == others && e.Buffers == other.Buffers && e.FailStop == other.FailStop && e.Exclusive == other.Exclusive &&
		e.Announce == other.Announce && e.Serial == other.Serial && e.sameState(other) && slices.Equal(e.paths(), other.paths()) && sameMasks(e.Masks, other.Masks) && e.Disk.SameFile(other.Disk)
}

// paths returns the links, with the export's address on each, in sorted order.
func (e *Export) paths() []string {
	links := slices.Clone(e.Links)
	for i, m := range e.HWAddr {
		links[i] += " " + hex.EncodeToString(m[:])
	}
	slices.Sort(links)
	return links
}

// sameMasks reports whether two lists have the same MACs.
func sameMasks(a, b []aoe.MAC) bool {
	in := func(list []aoe.MAC) func(aoe.MAC) bool {
		return func(m aoe.MAC) bool {
			return !slices.ContainsFunc(list, func(o aoe.MAC) bool { return bytes.Equal(m[:], o[:]) })
		}
	}
	return len(a) == len(b) && !slices.ContainsFunc(a, in(b)) && !slices.ContainsFunc(b, in(a))
}

// describe describes the export for logs and refusals.
func (e *Export) describe() string {
	mode := "O_RDWR"
	if e.File.ReadOnly {
		mode = "O_RDONLY"
	}
	text := fmt.Sprintf("%s on %s, %d sectors %s", e.Filename, strings.Join(e.Links, ","), e.Disk.Size()/ata.SectorSize, mode)
	if e.Announce > 0 {
		text += fmt.Sprintf(", announced every %v", e.Announce)
	}
	if e.Conf != "" {
		text += ", by " + e.Conf
	}
	return text
}
