// SPDX-License-Identifier: GPL-2.0-only

// Package docs tests that what the documents and the comments refer to exists:
// links, files, and the sections and differences of docs/protocol.md.
//
//	cite_test.go  what the code cites
//	link_test.go  what the documents link to and name
//	imports_test.go  that docs/design.md has the imports right
//	licence_linux_test.go  that each file names its licence
package docs
