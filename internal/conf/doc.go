// SPDX-License-Identifier: GPL-2.0-only

// Package conf reads the conf files of exports, /etc/vblade.conf.d/NAME.conf: see
// vblade-persistence(5).
//
// A file has lines of NAME=VALUE, quoted as in sh, and comments. It used to be a
// shell script and is no longer executed: anything that sh would execute or
// expand is an error, and so is an unknown name, because an export with half of
// its options might be served for writing by mistake.
package conf
