// SPDX-License-Identifier: GPL-2.0-only

//go:build !linux

package main

import "errors"

// set says that there are no such priorities.
func (p ioPriority) set() error { return errors.New("this system has no I/O priorities") }
