// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestAddWarns has a server serve one more disk that is hardly as is meant:
// whoever adds it is told so, on standard error.
func TestAddWarns(t *testing.T) {
	s := newServing(t)
	disk := s.disk("odd")
	if err := os.Truncate(disk, 3*sectorSize+1); err != nil {
		t.Fatal(err)
	}
	printed := s.must("add", "-b", "1", "9", "0", "tgt0", disk)
	for _, want := range []string{
		"vblade: " + disk + ": its last 1 bytes make no whole sector of 512 and are not served; append 511 to have them served\n" +
			"vblade: e9.0: with -b 1 the Linux aoe driver does not use the disk; give -b 2 or more\n" +
			"vblade: e9.0: 3 sectors, an odd number: Linux has to use the disk one sector at a time; -l 2 avoids that\n",
		fmt.Sprintf("pid %d: e9.0, 3 sectors O_RDWR\n", s.Pid()),
	} {
		before, after, found := strings.Cut(printed, want)
		if !found {
			t.Errorf("it prints\n%swant\n%s", printed, want)
		}
		printed = before + after
	}
	if printed != "" {
		t.Errorf("it prints besides\n%s", printed)
	}
}
