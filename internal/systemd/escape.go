// SPDX-License-Identifier: GPL-2.0-only

package systemd

import (
	"fmt"
	"path"
	"strings"
)

// Escape returns a text as a part of a unit's name.
func Escape(text string) string {
	var b strings.Builder
	for i := range len(text) {
		switch c := text[i]; {
		case c == '/':
			b.WriteByte('-')
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == ':', c == '_', c == '.' && i > 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	return b.String()
}

// EscapePath is Escape for an absolute path, whose first slash is left out.
func EscapePath(p string) string {
	if p = strings.TrimPrefix(path.Clean(p), "/"); p == "" {
		return "-"
	}
	return Escape(p)
}
