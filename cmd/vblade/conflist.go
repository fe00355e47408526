// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"vblade/internal/conf"
)

// listConf reads conf files, reports what is wrong with them, and lists the
// exports that the others describe.
func listConf(o options, c console) error {
	files, _, err := confFiles(o.paths)
	if err != nil {
		return err
	}
	var wrong []error // said after the list
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	if !o.ownOnly {
		fmt.Fprintln(w, "EXPORT\tPROCESS\tLINKS\tFILE\tCONF")
	}
	for _, path := range files {
		x, err := readConf(path)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		if o.ownOnly && x.ownProcess {
			fmt.Fprintln(w, conf.Name(path))
		}
		if !o.ownOnly {
			process := "server"
			if x.ownProcess {
				process = "own"
			}
			fmt.Fprintf(w, "%v\t%s\t%s\t%s\t%s\n", x.address(), process, strings.Join(x.links, ","), x.filename, path)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, err := range wrong {
		c.log().Errorf("%v", err)
	}
	if len(wrong) > 0 {
		return misuse{fmt.Errorf("%d of %d conf files are wrong, see above", len(wrong), len(files))}
	}
	return nil
}
