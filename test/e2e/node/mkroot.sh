#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# mkroot.sh CACHE SUITE MIRROR NAME PACKAGES makes a Debian system with packages, whose
# names have commas between them, below CACHE, unless an earlier run did, and prints its
# place.
set -eu

cache=$1
suite=$2
mirror=$3
name=$4
packages=$5
root=$cache/$name-$suite-$(printf %s "$packages" | sha256sum | cut -c 1-12)

if ! [ -d "$root" ]; then
	mkdir -p "$cache"
	tmp=$(mktemp -d "$cache/$name.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	chmod 755 "$tmp"
	mmdebstrap --quiet --variant=apt --include="$packages" \
		--dpkgopt=path-exclude=/usr/share/doc/* --dpkgopt=path-exclude=/usr/share/locale/* \
		"$suite" - "$mirror" | tar -C "$tmp" -x --exclude='./dev/*'
	mv -T "$tmp" "$root" || [ -d "$root" ]
fi
echo "$root"
