// SPDX-License-Identifier: GPL-2.0-only

//go:build !linux

package server

import "time"

// sinceBoot returns clock: how long the host was suspended is not known here.
func sinceBoot() time.Duration { return clock() }
