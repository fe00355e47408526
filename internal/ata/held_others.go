// SPDX-License-Identifier: GPL-2.0-only

//go:build !linux

package ata

// use finds no use: FreeBSD itself refuses to open for writing what is mounted.
func (f *File) use() string { return "" }
