# SPDX-License-Identifier: GPL-2.0-only

# Builds for this machine unless told otherwise: make GOOS=linux GOARCH=arm64,
# or for all of a system's architectures: make PLATFORM=freebsd
GO          ?= go
HOST        := $(shell $(GO) env GOHOSTOS 2>/dev/null || uname -s | tr A-Z a-z)
PLATFORM    ?= $(HOST)
VERSION     ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
STATICCHECK ?= honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME    ?= 10000x
TIMEOUT     ?= 30m
BENCH       ?= -out docs
SOAK        ?= 10m
CROSS       := linux/amd64 linux/arm64 linux/386 linux/mips freebsd/amd64 freebsd/arm64

# Tests and demo make network namespaces on Linux: root may, others may in a user
# namespace. There is no network there: modules are downloaded before.
AS_ROOT := $(if $(filter-out linux,$(HOST))$(filter 0,$(shell id -u)),,unshare --map-root-user --net)

ARCHES  := $(patsubst $(PLATFORM)/%,%,$(filter $(PLATFORM)/%,$(CROSS)))
BUILD   := $(GO) build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$(VERSION)"
SOURCES := go.mod go.sum $(shell find cmd internal -name '*.go' ! -name '*_test.go')

## vblade: build ./vblade, static and reproducible (the default)
vblade: $(SOURCES)
	CGO_ENABLED=0 $(BUILD) -o $@ ./cmd/vblade

## platform: build vblade-PLATFORM-ARCHITECTURE for each that there is (the default where PLATFORM is another system)
platform: known
	@set -e; for arch in $(ARCHES); do echo "build vblade-$(PLATFORM)-$$arch"; \
		CGO_ENABLED=0 GOOS=$(PLATFORM) GOARCH=$$arch $(BUILD) -o vblade-$(PLATFORM)-$$arch ./cmd/vblade; done

ifneq ($(PLATFORM),$(HOST))
.DEFAULT_GOAL := platform
endif

## check: build and vet all, tests too, for each architecture of PLATFORM
check: known
	@set -e; for arch in $(ARCHES); do echo "check $(PLATFORM)/$$arch"; export CGO_ENABLED=0 GOOS=$(PLATFORM) GOARCH=$$arch; \
		$(GO) build ./...; $(GO) vet ./...; done

known:
	@test -n "$(ARCHES)" || { echo "PLATFORM=$(PLATFORM): say linux or freebsd"; exit 1; }

build/%/vblade: $(SOURCES)
	CGO_ENABLED=0 GOOS=linux GOARCH=$* $(BUILD) -o $@ ./cmd/vblade

include packaging/install.mk

modules:
	$(GO) mod download

## demo: serve a disk and use it, in a network namespace of its own
demo: vblade modules
	$(AS_ROOT) $(GO) run ./cmd/demo ./vblade

# -count=1: tests start the vblade that they build, of which the cache of test
# results knows nothing.

## test: run the tests, and end with what was skipped and how to have it; V=1 shows each
test: modules
	$(AS_ROOT) env GO=$(GO) $(GO) run ./test/skipped -count=1 -timeout $(TIMEOUT) $(if $(V),-v) ./...

## setcap: let ./vblade open packet sockets without root; each build takes the right away
setcap: vblade
	$(if $(filter 0,$(shell id -u)),,sudo) setcap cap_net_raw+ep vblade

## race: run the tests under the race detector (needs a C compiler)
race: modules
	$(AS_ROOT) $(GO) test -count=1 -race -timeout $(TIMEOUT) ./...

## e2e: run the tests with the Linux aoe driver, Debian systems and clusters in virtual machines, as root; ALL=1 with Ceph too
e2e: vblade packages
	VBLADE_E2E=1 $(if $(ALL),VBLADE_E2E_ALL=1) $(GO) test -count=1 -v -timeout 60m ./test/e2e

## soak: random requests and random faults for SOAK (10m) each, with workers and with io_uring, and floods, as root
soak: modules
	SOAK=$(SOAK) $(GO) test -count=1 -v -timeout 240m -run 'Soak|Flood' ./test/endurance

## bench: measure beside Debian's vblade and fio, as root, for docs/; BENCH=-short for a minute's worth, BENCH='-only loop' for some rows
bench: vblade
	$(GO) run ./cmd/bench -vblade ./vblade $(BENCH)

# A number of runs, not a time: at the end of a time, Go before 1.27 may report
# "context deadline exceeded" as a failure (go.dev/issue/75804).
#
## fuzz: run each fuzz target FUZZTIME (10000x) times
fuzz:
	@set -e; for dir in $$(grep -rl --include='*_test.go' '^func Fuzz' cmd internal | xargs -n1 dirname | sort -u); do \
		for name in $$(grep -ho '^func Fuzz[A-Za-z]*' $$dir/*_test.go | cut -c6-); do \
			echo "fuzz $$dir $$name"; $(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -timeout $(TIMEOUT) -fuzzminimizetime 100x ./$$dir; \
		done; \
	done

## completion: write vblade's commands and options into packaging/completion.bash
completion: modules
	$(GO) test -count=1 ./cmd/vblade -run '^TestCompletionTable$$' -update

## lint: check format, vet and staticcheck for Linux and FreeBSD
lint:
	@test -z "$$(gofmt -l .)" || { echo "not formatted:"; gofmt -l .; exit 1; }
	$(GO) vet ./...
	GOOS=freebsd $(GO) vet ./...
	GOOS=darwin $(GO) vet ./cmd/vblade ./internal/... # where it only says that it cannot serve
	$(GO) run $(STATICCHECK) ./...
	$(GO) run -exec 'env GOOS=freebsd' $(STATICCHECK) ./...

## cross: build for every platform that we say we build for
cross:
	@set -e; for p in $(CROSS); do echo "build $$p"; \
		CGO_ENABLED=0 GOOS=$${p%/*} GOARCH=$${p#*/} $(GO) build -o /dev/null ./cmd/vblade; done

## clean: remove what was built
clean:
	rm -rf vblade vblade-*-* build

## help: list these targets
help:
	@sed -n 's/^## /  /p' $(MAKEFILE_LIST)

.PHONY: setcap known modules platform check demo test race e2e soak bench fuzz completion lint cross clean help
