// SPDX-License-Identifier: GPL-2.0-only

module vblade

go 1.24.0

require (
	github.com/hanwen/go-fuse/v2 v2.11.0
	github.com/jsimonetti/rtnetlink/v2 v2.2.0
	github.com/landlock-lsm/go-landlock v0.10.1
	github.com/mdlayher/ethernet v0.0.0-20220221185849-529eae5b6118
	github.com/mdlayher/netlink v1.9.0
	github.com/mdlayher/packet v1.1.2
	github.com/spf13/pflag v1.0.10
	golang.org/x/net v0.50.0
	golang.org/x/sys v0.41.0
	golang.org/x/term v0.40.0
	golang.org/x/time v0.12.0
	kernel.org/pub/linux/libs/security/libcap/cap v1.2.77
	kernel.org/pub/linux/libs/security/libcap/psx v1.2.77
)

require (
	github.com/google/go-cmp v0.7.0 // indirect
	github.com/josharian/native v1.1.0 // indirect
	github.com/mdlayher/socket v0.5.1 // indirect
	golang.org/x/sync v0.19.0 // indirect
)
