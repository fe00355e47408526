// SPDX-License-Identifier: GPL-2.0-only

package view

import (
	"bufio"
	"io"
	"net"
	"os"
	"strings"
)

// Ethers are the names of MACs, by MACs in the form of net.HardwareAddr.
type Ethers map[string]string

// ethersPath is where a host has the names of MACs (ethers(5)).
const ethersPath = "/etc/ethers"

// HostEthers returns the names that this host knows, if it has a list of them.
func HostEthers() Ethers {
	f, err := os.Open(ethersPath)
	if err != nil {
		return nil
	}
	defer f.Close()
	return readEthers(f)
}

// readEthers reads a list of names: a MAC and its name on a line. A line that is
// something else is left out.
func readEthers(r io.Reader) Ethers {
	names := Ethers{}
	for lines := bufio.NewScanner(r); lines.Scan(); {
		text, _, _ := strings.Cut(lines.Text(), "#")
		fields := strings.Fields(text)
		if len(fields) < 2 {
			continue
		}
		parts := strings.Split(fields[0], ":")
		for i, p := range parts { // ethers(5) leaves zeros out
			if len(p) == 1 {
				parts[i] = "0" + p
			}
		}
		if m, err := net.ParseMAC(strings.Join(parts, ":")); err == nil {
			names[m.String()] = clean(fields[1])
		}
	}
	return names
}
