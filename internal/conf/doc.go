// SPDX-License-Identifier: GPL-2.0-only

// Package conf reads the conf files of exports, /etc/vblade.conf.d/NAME.conf: see
// vblade-persistence(5).
//
// A file is lines of NAME=VALUE, quoted as in sh, and comments. Once it was a
// shell script and is no longer executed: what sh would execute or expand is an
// error, and so is a name that means nothing. An export with half of its options
// could be served for writing where it must not be.
package conf
