// SPDX-License-Identifier: GPL-2.0-only

package claim

import "fmt"

// HeldError means that another process certainly serves an address on an
// interface.
type HeldError struct {
	Export, Netif string
	PID           int // 0 for one of another PID namespace
}

// Error says which process it is, and what to do.
func (e *HeldError) Error() string {
	who := "another process"
	if e.PID != 0 {
		who = fmt.Sprintf("pid %d", e.PID)
	}
	return fmt.Sprintf("%s serves %s on %s already; end it first, or give another shelf or slot", who, e.Export, e.Netif)
}
