// SPDX-License-Identifier: GPL-2.0-only

// Package systemd speaks with the service manager in the protocols that systemd
// documents: messages by sd_notify(3), the watchdog's interval by
// sd_watchdog_enabled(3), descriptors by sd_listen_fds(3), and names of units as
// systemd-escape(1) writes them. A process that has no such manager finds nothing
// in its environment; then there is nobody to notify, no interval, and no
// descriptor.
package systemd
