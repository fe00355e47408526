// SPDX-License-Identifier: GPL-2.0-only

package systemd

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// firstFile is the number of the first descriptor that comes from the manager
// (SD_LISTEN_FDS_START).
const firstFile = 3

// Files returns the descriptors that the manager has given to this process, with
// their names, and closes them in the programs that it executes. It removes from the
// environment what tells of them, for those programs.
func Files() []*os.File {
	pid, count, names := os.Getenv("LISTEN_PID"), os.Getenv("LISTEN_FDS"), strings.Split(os.Getenv("LISTEN_FDNAMES"), ":")
	for _, variable := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
		os.Unsetenv(variable)
	}
	n, err := strconv.Atoi(count)
	if err != nil || pid != strconv.Itoa(os.Getpid()) {
		return nil
	}
	var files []*os.File
	for i := range n {
		name := "unknown" // as sd_listen_fds_with_names(3) has it
		if i < len(names) && names[i] != "" {
			name = names[i]
		}
		unix.CloseOnExec(firstFile + i)
		files = append(files, os.NewFile(uintptr(firstFile+i), name))
	}
	return files
}
