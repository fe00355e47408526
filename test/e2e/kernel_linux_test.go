// SPDX-License-Identifier: GPL-2.0-only

package e2e

import "testing"

// TestKernelDriver lists what the Linux kernel's aoe driver can do with the
// disks that vblade exports, and vblade on the network driver of a guest.
func TestKernelDriver(t *testing.T) {
	s := newSite(t, buildLedger(t))
	for _, scenario := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"runs the commands of a test", s.commands},
		{"formats, mounts and keeps files at MTU 1500", s.keepsFiles(1500, "1024")},
		{"formats, mounts and keeps files at MTU 9000", s.keepsFiles(9000, "8704")},
		{"gives fio back what it wrote at MTU 1500", s.verifies(1500)},
		{"gives fio back what it wrote at MTU 9000", s.verifies(9000)},
		{"partitions a disk and uses the partition", s.partitions},
		{"mounts a read-only export and cannot write to it", s.readOnly},
		{"tells two blades on one interface apart", s.twoBlades},
		{"sees a masked blade only where the mask lists it", s.masks},
		{"needs two buffers and an even number of sectors", s.buffers},
		{"sees that a disk grows", s.grows},
		{"is known to the server by what it uses", s.tellsUsers},
		{"serves from a guest at MTU 1500", s.servesInside(1500)},
		{"serves from a guest at MTU 9000", s.servesInside(9000)},
		{"outlives the link, its interface and vblade", s.outlives},
		{"has a disk on one of two links", s.sparesOne},
		{"works on while one of two paths is cut", s.spares},
		{"hardly waits while one of two paths to one address is cut", s.sparesSoon},
		{"works on while one of two targets is stopped", s.outdates},
		{"works on while the disk moves with its address", s.moves},
		{"works on while the server is killed and replaced", s.restarts},
		{"keeps a disk that systemd serves, upgrades, restarts and stops", s.service},
	} {
		t.Run(scenario.name, scenario.run)
	}
}
