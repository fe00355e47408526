// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"errors"
	"fmt"
	"strings"

	"vblade/internal/ata"
)

// describe describes work in words.
func describe(work ata.Work) string {
	switch work.Op {
	case ata.OpRead:
		return fmt.Sprintf("read of %s at LBA %d", plural(work.Sectors(), "sector"), work.LBA)
	case ata.OpWrite:
		return fmt.Sprintf("write of %s at LBA %d", plural(work.Sectors(), "sector"), work.LBA)
	case ata.OpFlush:
		return "flush"
	case ata.OpIdentify:
		return "identify"
	}
	return "a command behind writes"
}

// describe describes in words what a request in flight waits for.
func (r *request) describe() string {
	if r.Work.Op == ata.OpNone && r.export.keeping.since.Load() > 0 {
		return "a change that is not kept yet, or a command behind it"
	}
	return describe(r.Work)
}

// plural is a number of things in words.
func plural(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// join joins errors in one line. It returns nil if there are none, and a single
// one as it is.
func join(errs []error) error {
	var list []string
	var last error
	for _, err := range errs {
		if err != nil {
			list, last = append(list, err.Error()), err
		}
	}
	if len(list) <= 1 {
		return last
	}
	return errors.New(strings.Join(list, "; "))
}
