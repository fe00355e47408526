// SPDX-License-Identifier: GPL-2.0-only

// Package journal says what happens, on a standard error that never keeps its
// caller: whoever does not read it holds up nobody.
//
// A Journal takes lines and writes them from a goroutine of its own. A line that
// finds no room is left out, and where it is missing a line says how many are.
// Where standard error is the systemd journal, each line carries its priority.
//
//	j := journal.New(os.Stderr)
//	defer j.Close(time.Second)
//	j.Log("e9.0: ").Warnf("write of %d sectors at LBA %d: %v", n, lba, err)
//
// writes
//
//	vblade: e9.0: write of 2 sectors at LBA 1234: no space left on device
package journal
