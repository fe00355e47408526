// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"vblade/internal/aoe"
	"vblade/internal/blade"
	"vblade/internal/macvlan"
)

// Bounds of an Export.
const (
	MaxLinks    = 16
	maxFilename = 4096
	maxLinkName = 15 // bytes, IFNAMSIZ without the NUL
	maxSectors  = 1 << 48
	maxAnnounce = 24 * 60 * 60 // seconds
)

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
