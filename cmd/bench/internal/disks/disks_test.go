// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package disks

import (
	"encoding/binary"
	"os"
	"testing"
	"time"

	"vblade/cmd/bench/internal/plan"
	"vblade/internal/ata"
	"vblade/test/lab"
)

// TestMake makes the disks of some workloads and wants stamped sectors in them and
// nothing left in the directory.
func TestMake(t *testing.T) {
	const reason = "loop devices and a directory on a disk"
	if os.Geteuid() != 0 {
		lab.Skip(t, reason, "run as root")
	}
	dir := t.TempDir()
	if kind, err := FileSystemOf(dir); err != nil || kind == "tmpfs" {
		lab.Skip(t, reason, "set TMPDIR to a directory on a file system")
	}
	d, err := Make(dir, []plan.Workload{{Disk: plan.Loop}, {Disk: plan.Cached, Host: plan.Host{Exports: 3}}})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v stay in the directory: %v", left, err)
	}
	if len(d.idle) != 3 {
		t.Errorf("there are %d idle disks instead of 3", len(d.idle))
	}
	for kind, f := range d.files {
		sector := make([]byte, ata.SectorSize)
		const lba = fileSize/ata.SectorSize - 1
		if _, err := f.ReadAt(sector, lba*ata.SectorSize); err != nil || binary.LittleEndian.Uint64(sector) != lba {
			t.Errorf("the last sector of %s begins with %x: %v", kind, sector[:8], err)
		}
	}
}

// TestParseFio reads what matters of fio's report.
func TestParseFio(t *testing.T) {
	const report = `{"jobs": [{"read": {"total_ios": 5000, "runtime": 500,
		"clat_ns": {"percentile": {"50.000000": 150000, "99.000000": 900000}}}, "usr_cpu": 10.0, "sys_cpu": 30.0}]}`
	s, cpu, err := parseFio([]byte(report))
	if err != nil {
		t.Fatal(err)
	}
	if s.Requests != 5000 || s.Elapsed != 500*time.Millisecond || s.P50 != 150*time.Microsecond || s.P99 != 900*time.Microsecond || cpu != 200*time.Millisecond {
		t.Errorf("the report says %+v, CPU %v", s, cpu)
	}
	for _, bad := range []string{"", "fio: failed", `{"jobs": []}`} {
		if _, _, err := parseFio([]byte(bad)); err == nil {
			t.Errorf("the report %q is taken", bad)
		}
	}
}
