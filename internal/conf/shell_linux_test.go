// SPDX-License-Identifier: GPL-2.0-only

package conf

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"testing"

	"vblade/test/lab"
)

// TestParseIsShell reads values made at random: what is taken means the same to
// sh, which has read these files before.
func TestParseIsShell(t *testing.T) {
	sh := lab.Need(t, "sh", "dash")
	dir := t.TempDir()
	pieces := []string{"a", "b=", " ", "\t", "'", "'", `"`, `"`, `\`, "$", "`", "#", ";", "~", ":", "&", "|", ">", "(", ")", "*", "[a-z]", "{", "ä", "slot=1", "!"}
	random := rand.New(rand.NewPCG(1, 2))
	want := ""
	taken := 0
	for i := range 1000 {
		value := ""
		for range 1 + random.IntN(6) {
			value += pieces[random.IntN(len(pieces))]
		}
		content := "shelf=9 netif=lo\noptions=" + value + "\nslot=0\nfilename=x\n"
		f, err := Parse("x.conf", []byte(content))
		if err != nil {
			continue
		}
		taken++
		write(t, filepath.Join(dir, fmt.Sprintf("%03d", i)), content)
		want += fmt.Sprintf("%03d [%s][%s][%s][%s][%s]\n", i, f.Shelf, f.Slot, f.Netif, f.Filename, f.Options)
	}
	if taken < 100 || taken > 900 {
		t.Errorf("%d files of 1000 are right", taken)
	}
	cmd := exec.Command(sh, "-c", `for file in *; do (. "./$file" 2>&1; echo "$file [$shelf][$slot][$netif][$filename][$options]"); done`)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != want {
		t.Errorf("%v, sh reads\n%s, want\n%s", err, out, want)
	}
}
