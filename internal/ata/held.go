// SPDX-License-Identifier: GPL-2.0-only

package ata

import "fmt"

// checkHeld refuses to serve for writing what this host uses itself, such as a
// mounted file system, because the writes of both would destroy it. With
// Options.Force it is served, and Warnings says so.
func (f *File) checkHeld(o Options) error {
	if o.ReadOnly {
		return nil
	}
	use := f.use()
	switch {
	case use == "":
		return nil
	case !o.Force:
		return fmt.Errorf("open %s: this host %s, and would lose data to an initiator that writes (-r exports it read-only; --force exports it nevertheless)",
			f.path, use)
	}
	f.held = fmt.Sprintf("%s: this host %s; what an initiator writes and what it writes destroy each other", f.path, use)
	return nil
}
