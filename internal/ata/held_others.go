// SPDX-License-Identifier: GPL-2.0-only

//go:build !linux

package ata

// use returns nothing: FreeBSD itself refuses to open a mounted disk for writing.
func (f *File) use() string { return "" }
