// SPDX-License-Identifier: GPL-2.0-only

// Command skipped runs go test with its arguments, shows what go test shows, and
// ends with what was skipped and how to have it, in a line for each remedy. Its
// exit status is go test's.
//
//	go run ./test/skipped -count=1 ./...
package main
