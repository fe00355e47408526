// SPDX-License-Identifier: GPL-2.0-only

// Package e2e tests vblade against the initiator it is made for: the Linux
// kernel's aoe driver, running in a virtual machine (the guest) on a wire that
// ends in this machine, where vblade exports a disk.
//
// Run it with `make e2e` as root, or:
//
//	VBLADE_E2E=1 go test -count=1 ./test/e2e
//
// Environment:
//
//	VBLADE_E2E        1 to run the tests; without it they are skipped
//	VBLADE_E2E_ALL    1 to run those, too, that are too long for each change: Ceph,
//	                  and DRBD under Pacemaker
//	VBLADE            the program under test; ../../vblade if not set
//	VBLADE_E2E_CACHE  where the guest's kernel and the clusters' system are kept;
//	                  ~/.cache/vblade-e2e if not set
//
// The guest's kernel is Debian's, got once with apt-get download and only
// unpacked: the tests run on Debian for amd64. The packages needed:
//
//	aoetools bash busybox-static cpio debootstrap dpkg e2fsprogs fio iproute2
//	kmod libnbd-bin mmdebstrap qemu-system-x86 qemu-utils util-linux
//
// The Debian system (debian_linux_test.go) that installs the package of
// `make packages` and serves a guest is made by debootstrap, from where this
// machine gets its own packages.
//
// TestCluster, TestReplicated, TestReplicatedCluster, TestCeph and TestImage follow
// docs/clusters.md: they take commands and files from it (recipe). The nodes of a cluster
// (node_linux_test.go) are Debian systems with Pacemaker, or with all of a Ceph cluster,
// in namespaces of this machine, made by mmdebstrap and kept; that of TestImage is a copy
// of this machine's system. Each ends with its first process, and that with this one.
// A node that needs a kernel of its own is the same system in a guest
// (machine_linux_test.go).
//
// # How a test is written
//
// A test is a function on *site in a scenario's file (commands, seed, fio, readonly,
// several, buffers, grow, users, inside, outlive, paths, stopped, moves, restart, and
// service with its last part, server), listed in TestKernelDriver. It takes a guest,
// starts blades, and tells the guest what to do:
//
//	g := s.guest(t, "tap0", 1500)
//	s.export(t, "9", "0", "tap0", image)
//	g.run("modprobe aoe aoe_iflist=eth0")
//	g.appears("etherd/e9.0")
//	g.run("mount /dev/etherd/e9.0 /mnt")
//
// Whatever goes wrong fails the test; whatever was made is gone after it. A
// guest is handed from test to test, with the driver unloaded in between; one
// in which a test failed is not used again.
//
//   - A command that runs beside others (a writer while the link fails) is
//     started with guest.start and waited for with job.wait.
//   - A further program of this machine gets into the guest, with its
//     shared libraries, by its name in guestPrograms.
package e2e
