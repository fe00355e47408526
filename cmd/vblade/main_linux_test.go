// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"os"
	"testing"

	"vblade/test/lab"
)

// TestMain has signals end vblade where the tests run under nohup, too.
func TestMain(m *testing.M) {
	lab.HeedSignals()
	os.Exit(m.Run())
}
