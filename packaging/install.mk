# SPDX-License-Identifier: GPL-2.0-only

# Where things go; the first four are the original's. Packagers: make install DESTDIR=...
prefix         ?= $(if $(filter freebsd,$(HOST)),/usr/local,/usr)
sbindir        ?= $(prefix)/sbin
sharedir       ?= $(prefix)/share
mandir         ?= $(sharedir)/man
sysconfdir     ?= /etc
libexecdir     ?= $(prefix)/libexec/vblade
unitdir        ?= $(prefix)/lib/systemd/system
generatordir   ?= $(prefix)/lib/systemd/system-generators
ocfdir         ?= $(prefix)/lib/ocf/resource.d
sysusersdir    ?= $(prefix)/lib/sysusers.d
completionsdir ?= $(sharedir)/bash-completion/completions

PROGRAM := vblade

# What is installed: mode, file, place.
define INSTALLED
755 $(PROGRAM)                $(sbindir)/vblade
755 scripts/vbladed           $(sbindir)/vbladed
644 packaging/completion.bash $(completionsdir)/vblade
644 packaging/completion.bash $(completionsdir)/vbladed
644 man/vblade.8              $(mandir)/man8/vblade.8
644 man/vbladed.8             $(mandir)/man8/vbladed.8
$(INSTALLED_$(HOST))
endef
define INSTALLED_linux
755 packaging/vblade-exports                $(libexecdir)/vblade-exports
644 packaging/systemd/own-process.conf      $(libexecdir)/own-process.conf
644 packaging/skeleton.conf                 $(sysconfdir)/vblade.conf.d/skeleton.conf
644 packaging/systemd/vblade.service        $(unitdir)/vblade.service
644 packaging/systemd/vblade@.service       $(unitdir)/vblade@.service
644 packaging/systemd/vblade-exports.service $(unitdir)/vblade-exports.service
644 packaging/systemd/sysusers.conf         $(sysusersdir)/vblade.conf
755 packaging/systemd/vblade-generator      $(generatordir)/vblade-generator
755 packaging/ocf/export                    $(ocfdir)/vblade/export
644 packaging/monitoring/vblade.rules.yml     $(sharedir)/vblade/monitoring/vblade.rules.yml
644 packaging/monitoring/vblade-dashboard.json $(sharedir)/vblade/monitoring/vblade-dashboard.json
644 man/vblade-persistence.5                $(mandir)/man5/vblade-persistence.5
endef
define INSTALLED_freebsd
755 scripts/freebsd/vblade $(prefix)/etc/rc.d/vblade
endef
export INSTALLED

# Scripts, units and man pages name each other by their places under /usr and /etc.
PLACED := sed -e 's|/usr/sbin/|$(sbindir)/|g' -e 's|/usr/libexec/vblade/|$(libexecdir)/|g' \
	-e 's|/usr/lib/systemd/system/|$(unitdir)/|g' -e 's|/etc/vblade\.conf\.d|$(sysconfdir)/vblade.conf.d|g'

## install: install program, scripts, units and man pages; DESTDIR and prefix (/usr, on FreeBSD /usr/local) say where
install: $(PROGRAM)
	@set -e; printf '%s\n' "$$INSTALLED" | while read -r mode file place; do \
		echo "$(DESTDIR)$$place"; \
		mkdir -p "$(DESTDIR)$${place%/*}"; rm -f "$(DESTDIR)$$place"; \
		case $$file in $(PROGRAM)) cat ;; *) $(PLACED) ;; esac <"$$file" >"$(DESTDIR)$$place"; \
		chmod "$$mode" "$(DESTDIR)$$place"; \
	done

## uninstall: remove what install has installed, but no conf file of yours
uninstall:
	@printf '%s\n' "$$INSTALLED" | while read -r mode file place; do rm -f "$(DESTDIR)$$place"; done
	@for dir in $(libexecdir) $(sysconfdir)/vblade.conf.d $(ocfdir)/vblade $(sharedir)/vblade/monitoring $(sharedir)/vblade; do rmdir "$(DESTDIR)$$dir" 2>/dev/null || true; done

NFPM ?= github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.44.1

# A package's version is later than that of the C program's, 25, and than that
# of every earlier commit; its maintainer is whoever made the commit.
COMMIT          := TZ=UTC git log -1 --date=format-local:%Y%m%d.%H%M%S
PACKAGE_VERSION ?= 25+go$(shell $(COMMIT) --format=%cd)
MAINTAINER      ?= $(shell $(COMMIT) --format='%an <%ae>')

## packages: make build/*.deb and build/*.rpm, for amd64 and arm64
packages: package-amd64 package-arm64

RPM_amd64 := x86_64
RPM_arm64 := aarch64

package-amd64 package-arm64: package-%: build/%/vblade
	rm -rf build/$*/root build/vblade*_$*.deb build/vblade*.$(RPM_$*).rpm
	@$(MAKE) --no-print-directory install PROGRAM=$< DESTDIR=build/$*/root prefix=/usr sysconfdir=/etc >/dev/null
	gzip -9n build/$*/root/usr/share/man/man*/*
	sed -e 's|@VERSION@|$(PACKAGE_VERSION)|' -e 's|@MAINTAINER@|$(MAINTAINER)|' -e "s|@DATE@|$$($(COMMIT) --format=%cD)|" \
		packaging/debian/changelog.in | gzip -9n >build/$*/changelog.gz
	@set -e; for packager in deb rpm; do \
		SOURCE_DATE_EPOCH="$$($(COMMIT) --format=%ct)" ARCH=$* \
		PACKAGE_VERSION='$(PACKAGE_VERSION)' MAINTAINER='$(MAINTAINER)' \
		GOTOOLCHAIN=auto $(GO) run $(NFPM) package --config packaging/nfpm.yaml --packager $$packager --target build; \
	done

.PHONY: install uninstall packages package-amd64 package-arm64
