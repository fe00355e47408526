// SPDX-License-Identifier: GPL-2.0-only

// Package packaging tests what surrounds the program: make install, the conf
// files' scripts and units, man pages, packages, and those that start vblade
// without knowing which one it is (Pacemaker's agent, SysV init).
//
// What is installed is tested where make install has put it, below a temporary
// directory that stands for /usr and /etc. The packages are those in build,
// made by make packages. That they install, upgrade and boot is for test/e2e.
package packaging
