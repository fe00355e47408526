// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package main

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
)

// TestParse reads command lines.
func TestParse(t *testing.T) {
	for _, c := range []struct {
		args      string
		rounds    int
		workloads int
	}{
		{"-only ^loop", usualRounds, 8},
		{"-only ^loop -rounds 2", 2, 8},
		{"-short -only ^cache/9000", shortRounds, 2},
	} {
		o, err := parse(strings.Fields(c.args), io.Discard)
		if err != nil || o.rounds != c.rounds || len(o.workloads()) != c.workloads {
			t.Errorf("%q: %d rounds of %d workloads, %v", c.args, o.rounds, len(o.workloads()), err)
		}
	}
}

// TestRefusals refuses command lines.
func TestRefusals(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"-only nothing", "see bench -list"},
		{"-only [", "-only: "},
		{"-rounds -1", "must be positive"},
		{"-length 0s", "must be positive"},
		{"loop", "unexpected argument"},
	} {
		var stderr bytes.Buffer
		if status := run(context.Background(), strings.Fields(c.args), io.Discard, &stderr); status != 1 || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("%q: status %d, %q", c.args, status, stderr.String())
		}
	}
}

// TestList lists the workloads chosen.
func TestList(t *testing.T) {
	var stdout bytes.Buffer
	if status := run(context.Background(), []string{"-list", "-only", "^cold.*read"}, &stdout, io.Discard); status != 0 || stdout.String() != "cold/1500/random read/1\ncold/1500/random read/64\n" {
		t.Errorf("status %d, %q", status, stdout.String())
	}
}
