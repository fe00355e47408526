// SPDX-License-Identifier: GPL-2.0-only

package journal

import (
	"os"
	"path/filepath"
	"testing"
)

// TestStream has standard error be what JOURNAL_STREAM names, and something else.
func TestStream(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]string{
		stream(info):       "<4>vblade: late\n",
		stream(info) + "1": "vblade: late\n",
		"":                 "vblade: late\n",
		"8:":               "vblade: late\n",
	} {
		t.Setenv("JOURNAL_STREAM", value)
		if err := f.Truncate(0); err != nil {
			t.Fatal(err)
		}
		f.Seek(0, 0)
		j := New(f)
		j.Log("").Warnf("late")
		j.Close(patience)
		if got, err := os.ReadFile(f.Name()); string(got) != want || err != nil {
			t.Errorf("JOURNAL_STREAM=%s: %q, %v; want %q", value, got, err, want)
		}
	}
}
