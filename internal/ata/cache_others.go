// SPDX-License-Identifier: GPL-2.0-only

//go:build !linux

package ata

// dropCache has nothing to do: FreeBSD caches no disks, and a file's cache is as its
// file system has it.
func (f *File) dropCache(Options) {}
