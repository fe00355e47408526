// SPDX-License-Identifier: GPL-2.0-only

package view

import (
	"encoding/hex"
	"fmt"
	"math"
	"net"
	"slices"
	"strings"
	"unicode"

	"vblade/internal/control"
)

// clean replaces characters that are not printable.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
}

// scaled writes a number in at most five characters, with a letter for its magnitude.
func scaled(f float64) string {
	if f <= 0 || math.IsNaN(f) {
		return "0"
	}
	if f < 99.95 {
		return fmt.Sprintf("%.1f", f)
	}
	units := []string{"", "k", "M", "G", "T", "P", "E"}
	if f < 99999.5 {
		return fmt.Sprintf("%.0f", f)
	}
	i := 0
	for ; f >= 999.5 && i < len(units)-1; i++ {
		f /= 1000
	}
	return fmt.Sprintf("%.0f%s", math.Min(f, 9999), units[i])
}

// integer writes a whole number as scaled does.
func integer(n uint64) string {
	if n < 100000 {
		return fmt.Sprint(n)
	}
	return scaled(float64(n))
}

// bytesOf writes an amount of bytes.
func bytesOf(f float64) string {
	units := []string{"B", "kB", "MB", "GB", "TB", "PB", "EB"}
	i := 0
	for ; f >= 999.5 && i < len(units)-1; i++ {
		f /= 1000
	}
	if i == 0 || f >= 9.95 {
		return fmt.Sprintf("%.0f%s", f, units[i])
	}
	return fmt.Sprintf("%.1f%s", f, units[i])
}

// seconds writes a time, given in seconds; - for none.
func seconds(f float64) string {
	switch {
	case f <= 0 || math.IsNaN(f):
		return "-"
	case f < 0.9995e-3:
		return fmt.Sprintf("%.0fus", f*1e6)
	case f < 9.95e-3:
		return fmt.Sprintf("%.1fms", f*1e3)
	case f < 0.9995:
		return fmt.Sprintf("%.0fms", f*1e3)
	case f < 9.95:
		return fmt.Sprintf("%.1fs", f)
	case f < 600:
		return fmt.Sprintf("%.0fs", f)
	case f < 36000:
		return fmt.Sprintf("%.0fmin", f/60)
	case f < 72*3600:
		return fmt.Sprintf("%.0fh", f/3600)
	}
	return fmt.Sprintf("%.0fd", math.Min(f/86400, 99999))
}

// plural writes how many things there are.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// mac writes a MAC, of 12 hexadecimal digits, with colons.
func mac(s string) string {
	b, err := hex.DecodeString(s)
	if err != nil {
		return clean(s)
	}
	return net.HardwareAddr(b).String()
}

// links writes the links of an export: those that carry no frames with a !.
func links(e *control.Info) string {
	names := make([]string, len(e.Links))
	for i, link := range e.Links {
		names[i] = clean(link)
		if slices.Contains(e.Down, link) {
			names[i] += "!"
		}
	}
	return strings.Join(names, ",")
}

// errorCounts writes how many requests were refused or failed, and why.
func errorCounts(f *control.Figures) string {
	all := uint64(0)
	var kinds []string
	for kind, n := range f.Errors {
		all += n
		kinds = append(kinds, fmt.Sprintf("%d %s", n, clean(kind)))
	}
	if all == 0 {
		return "no errors"
	}
	slices.Sort(kinds)
	return fmt.Sprintf("%d errors (%s)", all, strings.Join(kinds, ", "))
}
