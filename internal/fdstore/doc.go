// SPDX-License-Identifier: GPL-2.0-only

// Package fdstore keeps files open over a restart of the process, in a service
// manager that speaks systemd's protocols: sd_notify(3) with FDSTORE=1 to store
// descriptors, and sd_listen_fds(3) to get them back.
//
// An item that is kept has a name, files, and parameters, which are bytes. The
// manager holds the files under the name, and a sealed memory file with the
// parameters under the name followed by "-parameters". The parameters are stored
// last and removed first: the next process drops an item without parameters as
// incomplete.
//
// The manager keeps nothing unless the unit has FileDescriptorStoreMax=, and
// forgets everything when the service is stopped for good.
//
// BUG(1): A manager does not say that it has refused to keep a file. Only systemd
// 254 and newer say beforehand how many files they keep.
//
// BUG(2): Files are kept on Linux only.
package fdstore
