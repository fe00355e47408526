// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"fmt"
	"strings"
)

// sharers returns the names of other exports, but one that ends, that may write to the
// same sectors as e. The initiators of one do not know about those of the other.
func (t *table) sharers(e *Export, ends string) []string {
	if e.File.ReadOnly {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var names []string
	for _, other := range t.sorted() {
		if other.Name() != e.Name() && other.Name() != ends && other.state != gone && !other.File.ReadOnly && other.Disk.Overlaps(e.Disk) {
			names = append(names, other.Name())
		}
	}
	return names
}

// sharersMost is the most exports that a warning names.
const sharersMost = 3

// sharedWarning warns of other exports of the same sectors.
func sharedWarning(e *Export, others []string) string {
	list := strings.Join(others[:min(len(others), sharersMost)], ", ")
	if more := len(others) - sharersMost; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Sprintf("%s: the same sectors are served for writing as %s: who writes to both spoils them; for several paths to one disk serve it once, on several interfaces", e.Name(), list)
}
