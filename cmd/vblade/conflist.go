// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"fmt"
	"slices"
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
	var right []options
	for _, path := range files {
		x, err := readConf(path)
		if err == nil && !o.ownOnly {
			err = x.checkAgainst(right)
		}
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		right = append(right, x)
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

// checkAgainst returns an error for the export of a conf file whose address another
// one of them has: a server has each address once, and so has a link.
func (o options) checkAgainst(others []options) error {
	for _, other := range others {
		shares := func(link string) bool { return slices.Contains(other.links, link) }
		if o.address() == other.address() && (!o.ownProcess && !other.ownProcess || slices.ContainsFunc(o.links, shares)) {
			return sameAddress(o, other.conf)
		}
	}
	return nil
}

// sameAddress is the error of the export of a conf file whose address has been taken
// by that of another.
func sameAddress(o options, by string) error {
	return fmt.Errorf("%s: %v is described by %s already; give another shelf or slot", o.conf, o.address(), by)
}
