// SPDX-License-Identifier: GPL-2.0-only

// Package fdstore keeps open files over a restart of the process, at a service
// manager that speaks systemd's protocols: sd_notify(3), FDSTORE=1, on the way
// there, and sd_listen_fds(3) on the way back.
//
// What is kept has a name, parameters in bytes, and files. The manager holds the
// files under the name, and a sealed memory file with the parameters under the
// name with "-parameters" behind it. The parameters are stored last and removed
// first: what has none is not complete, and is dropped by the next process.
//
// The manager keeps nothing unless the unit has FileDescriptorStoreMax=, and
// forgets everything when the service is stopped for good.
//
// BUG(1): A manager that refuses to keep a file does not say so. Only from
// systemd 254 on it says beforehand how many it would keep.
//
// BUG(2): Files are kept on Linux only.
package fdstore
