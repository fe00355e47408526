// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"strings"
	"testing"
)

// events is a run in which one test passes, one fails, one does not end and four
// are skipped.
const events = `{"Action":"output","Package":"p","Test":"TestGood","Output":"=== RUN   TestGood\n"}
{"Action":"output","Package":"p","Test":"TestGood","Output":"    a_test.go:1: fine\n"}
{"Action":"output","Package":"p","Test":"TestGood","Output":"--- PASS: TestGood (0.00s)\n"}
{"Action":"pass","Package":"p","Test":"TestGood"}
{"Action":"output","Package":"p","Test":"TestBad","Output":"--- FAIL: TestBad (0.00s)\n"}
{"Action":"output","Package":"p","Test":"TestBad","Output":"    a_test.go:2: wrong\n"}
{"Action":"fail","Package":"p","Test":"TestBad"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:3: missing: mandoc; apt-get install mandoc\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"--- SKIP: TestA (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestB","Output":"    a_test.go:3: missing: fio; apt-get install fio\n"}
{"Action":"skip","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Test":"TestC","Output":"    a_test.go:3: missing: a loop device: none; run as root\n"}
{"Action":"skip","Package":"p","Test":"TestC"}
{"Action":"output","Package":"p","Test":"TestD/x","Output":"    a_test.go:3: run by make e2e\n"}
{"Action":"skip","Package":"p","Test":"TestD/x"}
{"Action":"output","Package":"p","Test":"TestPanics","Output":"panic: no\n"}
{"Action":"output","Package":"p","Output":"FAIL\tp\t0.1s\n"}
{"Action":"fail","Package":"p"}
{"Action":"output","Package":"q","Output":"PASS\n"}
{"Action":"output","Package":"q","Output":"ok  \tq\t0.1s\n"}
{"Action":"pass","Package":"q"}
{"Action":"output","Package":"r","Output":"?   \tr\t[no test files]\n"}
{"Action":"skip","Package":"r"}
no event
`

// shown is what is shown of it.
const shown = `--- FAIL: TestBad (0.00s)
    a_test.go:2: wrong
FAIL	p	0.1s
panic: no
ok  	q	0.1s
?   	r	[no test files]
no event

4 tests were skipped. To have them:
    2  apt-get install fio mandoc
    1  run as root (missing: a loop device: none)
    1  run by make e2e
`

// TestSummary shows a run.
func TestSummary(t *testing.T) {
	var out strings.Builder
	s := newSummary(&out, false)
	if err := s.read(strings.NewReader(events)); err != nil {
		t.Fatal(err)
	}
	s.print()
	if out.String() != shown {
		t.Errorf("shows\n%s\nwant\n%s", &out, shown)
	}
}

// TestSummaryNothing shows a run in which nothing was skipped.
func TestSummaryNothing(t *testing.T) {
	var out strings.Builder
	newSummary(&out, false).print()
	if out.Len() > 0 {
		t.Errorf("shows %s", &out)
	}
}
