#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# mkguest.sh CACHE OUT PROGRAM... makes a virtual machine's kernel, OUT/vmlinuz,
# and its root, OUT/initramfs: busybox, the init and agent beside this script, the
# aoe driver, and each PROGRAM of this machine with its shared libraries.
#
# The kernel is Debian's, unpacked once to CACHE and not installed.
set -eu

PATH=$PATH:/usr/sbin:/sbin
here=$(dirname "$0")
cache=$1
out=$2
shift 2
root=$out/root

# The init loads these; those of install_modules, below, it leaves to the tests.
boot_modules="virtio_pci virtio_net virtio_blk virtio_console veth macvlan ext4"

# die ends the script, saying why.
die() {
	echo "mkguest.sh: $*" >&2
	exit 1
}

# find_kernel sets $version to the newest kernel's, $kernel to its place.
find_kernel() {
	package=$(apt-cache depends linux-image-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9][^ ]*\).*/\1/p' | head -n 1)
	[ -n "$package" ] || die "linux-image-amd64 names no kernel package; run apt-get update (Debian)"
	version=${package#linux-image-}
	kernel=$cache/$package
}

# unpack_kernel fills $kernel, unless an earlier run did. It appears whole or not at all.
unpack_kernel() {
	[ -d "$kernel" ] && return
	mkdir -p "$cache"
	tmp=$(mktemp -d "$cache/unpack.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	(cd "$tmp" && apt-get -q -o APT::Sandbox::User=root download "$package") || die "cannot download $package"
	dpkg-deb -x "$tmp"/*.deb "$tmp/root"
	# Where the package has usr/lib/modules only, depmod still looks in lib.
	[ -d "$tmp/root/lib" ] || ln -s usr/lib "$tmp/root/lib"
	depmod -b "$tmp/root" "$version"
	mv -T "$tmp/root" "$kernel" || [ -d "$kernel" ] || die "cannot make $kernel"
}

# install_modules copies modules and those they need, unpacked.
install_modules() {
	for module in "$@"; do
		modprobe -d "$kernel" -S "$version" --show-depends "$module"
	done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | sort -u >"$out/modules"
	[ -s "$out/modules" ] || die "no modules found in $kernel"
	dir=$root/lib/modules/$version
	mkdir -p "$dir"
	while read -r file; do
		cp "$file" "$dir/"
	done <"$out/modules"
	find "$dir" -name '*.ko.xz' -exec unxz {} +
	cp "$kernel/lib/modules/$version"/modules.order "$kernel/lib/modules/$version"/modules.builtin* "$dir/"
	depmod -b "$root" "$version"
}

# install_program copies a program of this machine, with its shared libraries, to the guest's /usr/bin.
install_program() {
	path=$(command -v "$1") || die "no program $1 on this machine"
	cp -L "$path" "$root/usr/bin/"
	# A script or static program has none; ldd says so and fails.
	libs=$(ldd "$path" 2>/dev/null | grep -o '/[^ ]*') || return 0
	for lib in $libs; do
		mkdir -p "$root$(dirname "$lib")"
		cp -L "$lib" "$root$lib"
	done
}

# install_busybox gives the guest every busybox command, in /bin, after /usr/bin in its PATH.
install_busybox() {
	busybox=$(command -v busybox)
	if ldd "$busybox" >/dev/null 2>&1; then
		die "$busybox is not static; apt-get install busybox-static"
	fi
	cp "$busybox" "$root/bin/busybox"
	for applet in $(busybox --list); do
		[ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
	done
	mkdir -p "$root/sbin"
	ln -s /bin/modprobe "$root/sbin/modprobe" # what the kernel calls
}

find_kernel
unpack_kernel
for dir in bin usr/bin dev proc sys run tmp etc mnt; do
	mkdir -p "$root/$dir"
done
install_busybox
for program in bash "$@"; do
	install_program "$program"
done
ln -s /usr/bin/bash "$root/bin/bash"
# shellcheck disable=SC2086 # a list
install_modules $boot_modules aoe drbd rbd overlay 9p 9pnet_virtio
echo "$boot_modules" >"$root/etc/boot-modules"
ln -s /proc/mounts "$root/etc/mtab"
[ ! -f /etc/mke2fs.conf ] || cp /etc/mke2fs.conf "$root/etc/"
cp "$here/init" "$here/agent" "$root/"
chmod 755 "$root/init" "$root/agent"
cp "$kernel/boot/vmlinuz-$version" "$out/vmlinuz"
(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) >"$out/initramfs"
rm -rf "$root" "$out/modules"
