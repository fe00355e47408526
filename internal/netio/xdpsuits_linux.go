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
// In copy mode the kernel copies the frames, unless the driver says that it sends
// frames without a linear head. Then the driver reads our memory itself, and some
// drivers and kernels return a buffer that they still read; virtio_net is one.
// The kernel does not tell which drivers these are, so only drivers that are
// known to let the kernel copy suit.
//
// Kinds that pass frames on to another interface, such as vlan and bridge, may
// overwrite where some kernels note the buffers to return (Linux 6.16.8 and
// after).
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

// xdpDrivers returns the names, as ethtool -i shows them, of the drivers that let
// the kernel copy: in released versions of Linux, none of them sets
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
