// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

// xdpSuits returns why frames must not be sent by AF_XDP on an interface of a
// kind, or nil.
//
// In copy mode the kernel copies what it takes, unless the driver says that it
// sends frames without a head of their own: then the driver reads our memory
// itself, and from some drivers and kernels a buffer comes back while it is still
// read. virtio_net is one. No interface of the kernel tells which drivers are:
// hence only those that are known to have the kernel copy suit.
//
// Kinds that hand frames on to another interface, such as vlan and bridge, may
// overwrite where some kernels note what has to come back (Linux 6.16.8 and after).
func xdpSuits(kind string, socket int, name string) error {
	switch kind {
	case "veth", "tun":
		return nil
	case "":
		info, err := unix.IoctlGetEthtoolDrvinfo(socket, name)
		if err != nil {
			return errors.New("AF_XDP: the interface names no driver")
		}
		driver := unix.ByteSliceToString(info.Driver[:])
		if !slices.Contains(xdpDrivers(), driver) {
			return fmt.Errorf("AF_XDP: the driver %s is not known to leave our memory alone", driver)
		}
		return nil
	}
	return fmt.Errorf("AF_XDP: not on a %s interface", kind)
}

// xdpDrivers returns the drivers of devices, by the names that ethtool -i shows,
// that have the kernel copy: none of them, in Linux as it is released, sets
// IFF_TX_SKB_NO_LINEAR.
func xdpDrivers() []string {
	return []string{
		"e1000", "e1000e", "igb", "igbvf", "igc", "ixgbe", "ixgbevf", "i40e", "iavf", "ice", // Intel
		"mlx4_en", "mlx5_core", // NVIDIA
		"bnx2", "bnx2x", "bnxt_en", "tg3", "bcmgenet", // Broadcom
		"r8169", "r8152", "8139cp", "8139too", // Realtek
		"atlantic", "cxgb4", "be2net", "sfc", "qede", "sky2", "forcedeth", // others on PCI
		"mvneta", "mvpp2", "st_gmac", "macb", "fec", // on a chip
		"ena", "vmxnet3", "hv_netvsc", "vif", // in virtual machines
	}
}
