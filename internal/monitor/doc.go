// SPDX-License-Identifier: GPL-2.0-only

// Package monitor shows the counters of a server.Server:
//
//	report.go   lines for people and their scripts (quantity.go: the figures)
//	status.go   a line for service managers
//	page.go     a page for Prometheus, in its text format 0.0.4 (samples.go: how a
//	            sample is written)
//	metrics.go  serves the page, to clients who may be slow or hostile
//	listen.go   opens the address to serve it on
//	notify.go   messages to the service manager: state, status, watchdog
//
// Nothing here is on the way of a frame, and nothing runs unless it was asked
// for.
package monitor
