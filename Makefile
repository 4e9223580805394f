# The front door.  Each target does everything it needs: packages, crates, build.
#   make demo    a contract asks, pauses, resumes with answer and proof; a minute after the build
#   make test    all tests (ASan and UBSan)
#   make up      all roles with a development chain; Ctrl-C ends it
#   make web     the page that checks proofs in a browser: one file, verify.html
#   make bench   speeds and gas, as ratios measured in one run
#   make fuzz    each fuzzer for FUZZ_SECONDS (60)
#   make check   doors between rooms, pages, form of the sources
.DEFAULT_GOAL := build
FUZZ_SECONDS ?= 60
BUILD = cmake --build build/$(1) $(2)

.PHONY: build demo up web test bench fuzz check format clean help setup

setup:
	@tools/setup build

build/%/build.ninja: CMakePresets.json
	@mkdir -p build
	@cmake --preset $* > build/$*.configure.log 2>&1 || { cat build/$*.configure.log; exit 1; }

build: setup build/release/build.ninja
	@$(call BUILD,release,--target programs)

demo: build
	@build/release/bin/alcove demo

up: build
	@build/release/bin/alcove up

web:
	@tools/setup web
	@$(MAKE) -s --no-print-directory build/release/build.ninja
	@$(call BUILD,release,--target web)
	@echo "The page is build/release/web/verify.html: open it, or copy it anywhere; it needs no server."

test:
	@tools/setup test
	@$(MAKE) -s --no-print-directory build/asan/build.ninja
	@$(call BUILD,asan)
	@tools/check-doors
	@tools/test build/asan

bench:
	@tools/setup test
	@$(MAKE) -s --no-print-directory build/release/build.ninja
	@$(call BUILD,release)
	@tools/bench build/release

fuzz:
	@tools/setup fuzz
	@$(MAKE) -s --no-print-directory build/fuzz/build.ninja
	@$(call BUILD,fuzz,--target fuzzers)
	@tools/fuzz build/fuzz $(FUZZ_SECONDS)

check:
	@tools/check-doors
	@tools/check-docs
	@tools/format --check

format:
	@tools/format

clean:
	rm -rf build/release build/asan build/fuzz build/dev

help:
	@sed -n '2,9p' Makefile | sed 's/^# *//'
