# What a person types. Each target is a script in ci/ or a few plain rules.

.PHONY: help lib test check demo clean
help:
	@echo "make demo    watch a live stream survive the death of its source (a minute)"
	@echo "make test    run every test, installing what it needs"
	@echo "make lib     build the C libraries in target/release"
	@echo "make check   formatting, lints, documentation, header, symbols"
	@echo "make header  write include/changeover.h anew after a change of src/ffi"

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
MAJOR := $(word 1,$(subst ., ,$(VERSION)))
MINOR := $(word 2,$(subst ., ,$(VERSION)))
# As cargo-c does: before 1.0 a minor release may change the ABI.
ABI := $(if $(filter 0,$(MAJOR)),$(MAJOR).$(MINOR),$(MAJOR))
SONAME := libchangeover.so.$(ABI)

TARGET := $(or $(CARGO_TARGET_DIR),target)

# The library keeps threads and thread-local memory: it must not be unloaded.
lib:
	cargo rustc --quiet --release --lib --features capi --crate-type staticlib
	cargo rustc --quiet --release --lib --features capi --crate-type cdylib -- \
		-C link-arg=-Wl,-soname,$(SONAME) -C link-arg=-Wl,-z,nodelete

.PHONY: header
header:
	CHANGEOVER_WRITE_HEADER=1 cargo test --quiet --features capi --test header

test:
	ci/test

check:
	ci/check

demo:
	ci/demo

clean:
	cargo clean
	rm -rf demo-output bench-output
