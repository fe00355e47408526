// SPDX-License-Identifier: GPL-2.0-only

//go:build !linux

package server

import "time"

// sinceBoot returns clock, because the time that the host was suspended is not
// known on this system.
func sinceBoot() time.Duration { return clock() }
