// SPDX-License-Identifier: GPL-2.0-only

package journal

import (
	"fmt"
	"io/fs"
	"syscall"
)

// stream is how JOURNAL_STREAM names a file: device and inode, in decimal.
func stream(info fs.FileInfo) string {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%d:%d", st.Dev, st.Ino)
}
