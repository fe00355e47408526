// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"vblade/internal/aoe"
	"vblade/internal/blade"
)

// maskList is the value of -m: the MACs served.
type maskList []aoe.MAC

// Set adds the MACs of a list separated by commas. An invalid MAC is an error,
// because skipping it might leave the list empty and the disk open to all.
func (l *maskList) Set(s string) error {
	for i, field := range strings.Split(s, ",") {
		m, ok := parseMAC(field)
		if !ok {
			return fmt.Errorf("number %d of the list, %q, is not a MAC; write it like 00:0c:29:ab:cd:ef or 000c29abcdef", i+1, field)
		}
		if !slices.Contains(*l, m) {
			*l = append(*l, m)
		}
	}
	if len(*l) > blade.MaxMasks {
		return fmt.Errorf("%d different MACs; give at most %d", len(*l), blade.MaxMasks)
	}
	return nil
}

// String is the list as Set reads it.
func (l *maskList) String() string {
	fields := make([]string, len(*l))
	for i, m := range *l {
		fields[i] = hex.EncodeToString(m[:])
	}
	return strings.Join(fields, ",")
}

// Type is not shown, because the usage text names the value.
func (l *maskList) Type() string { return "MACs" }

// parseMAC reads twelve hexadecimal digits, with a colon after every two or none.
func parseMAC(s string) (aoe.MAC, bool) {
	if len(s) == 17 {
		for i := 2; i < len(s); i += 3 {
			if s[i] != ':' {
				return aoe.MAC{}, false
			}
		}
		s = strings.ReplaceAll(s, ":", "")
	}
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != aoe.MACLen {
		return aoe.MAC{}, false
	}
	return aoe.MAC(b), true
}
