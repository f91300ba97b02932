# What a person types. Each target is a script in ci/ or a few plain rules.

.PHONY: help lib test test-go test-page check demo switches bench bench-gate bench-go clean install uninstall
help:
	@echo "make demo       watch a live stream survive the death and the decay of its source (two minutes); TIMEOUT=100ms: notice sooner"
	@echo "make demo-cluster  watch three nodes share live streams, and lose and regain one another (two minutes); STREAMS=10: fewer"
	@echo "make switches   measure what a switch looks like to a viewer, both hosts, many kinds of source (ten minutes)"
	@echo "make test       run every test, installing what it needs"
	@echo "make plants     plant bugs that the tests must catch (an hour)"
	@echo "make verify-mutants  plant a bug for each promise, and mutate the core (hours); FILES=src/core/backoff.rs: of these alone"
	@echo "make test-go    the Go tests only"
	@echo "make test-cluster  nodes of a cluster, in virtual time, over a store in memory, and over a real etcd"
	@echo "make test-page  the operators' page only, in Chromium"
	@echo "make bench      measure everything (15 minutes), write bench-output/report.md"
	@echo "make bench-gate the promises in numbers (two minutes): one line a bar"
	@echo "make verify     what is tried at random, to a budget of time: MINUTES=60; write verify-output/report.md"
	@echo "make soak       the real engine against hundreds of sources that fail, hogs and stops: MINUTES=20"
	@echo "make bench-go   the Go packet path against its bars: an empty cgo call, locks and a map"
	@echo "make lib        build the C libraries in target/release"
	@echo "make install    PREFIX=/usr/local DESTDIR=: libraries, headers, pkg-config, CMake"
	@echo "make install-hosts  with the same variables: ffmpeg-ingest and udp-switch, their man pages"
	@echo "make cli, make install-cli  the program changeover: asks engines, reads traces"
	@echo "make uninstall, make uninstall-hosts, make uninstall-cli  with the same variables: remove what these installed"
	@echo "make check      formatting, lints, documentation, header, symbols"
	@echo "make format     lay out Rust, C, C++ and Go anew"
	@echo "make module-graph  which file of src uses which"
	@echo "make generated  write anew what follows src/ffi and src/vocabulary in C, C++, Go and docs/"

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
MAJOR := $(word 1,$(subst ., ,$(VERSION)))
MINOR := $(word 2,$(subst ., ,$(VERSION)))
# As cargo-c does: before 1.0 a minor release may change the ABI.
ABI := $(if $(filter 0,$(MAJOR)),$(MAJOR).$(MINOR),$(MAJOR))
SONAME := libchangeover.so.$(ABI)

# Where the libraries are, whatever target they are for and wherever cargo builds it: everything that
# links with them looks here. BUILT_FOR says which CARGO_BUILD_TARGET that was; empty: cargo's own choice.
TARGET := $(or $(CARGO_TARGET_DIR),target)
STATIC := $(TARGET)/release/libchangeover.a
SHARED := $(TARGET)/release/libchangeover.so
BUILT_FOR := $(TARGET)/release/libchangeover.target

# The library keeps threads and thread-local memory: it must not be unloaded.
lib:
	packaging/build-lib staticlib $(STATIC)
	packaging/build-lib cdylib $(SHARED) -C link-arg=-Wl,-soname,$(SONAME) -C link-arg=-Wl,-z,nodelete
	@echo '$(CARGO_BUILD_TARGET)' >$(BUILT_FOR)

# For ffi-tests: itself under AddressSanitizer, and with the hooks that have it meet bugs. Stable
# Rust has the sanitizer, but lets nobody use it.
HOST = $(shell rustc -vV | sed -n 's/^host: //p')
SANITIZED := $(TARGET)/sanitized
.PHONY: lib-sanitized
lib-sanitized:
	RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address cargo rustc --quiet --profile sanitized --lib --features capi,serve \
		--crate-type staticlib --target $(HOST) --target-dir $(SANITIZED) -- --cfg changeover_panic_hook
	cp $(SANITIZED)/$(HOST)/sanitized/libchangeover.a $(SANITIZED)

# --- make install: what `cargo cinstall` would (see [package.metadata.capi] in Cargo.toml), and
# a CMake package.

PREFIX ?= /usr/local
override PREFIX := $(abspath $(PREFIX))
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
PKGCONFIGDIR ?= $(LIBDIR)/pkgconfig
CMAKEDIR := $(LIBDIR)/cmake/changeover

HEADERS := changeover.h changeover_inline.h changeover.hpp
REAL := libchangeover.so.$(VERSION)
# What rustc --print native-static-libs says, less what every C linker adds by itself.
PRIVATE_LIBS := -lpthread -ldl -lm -lrt -lutil

# Paths in changeover.pc are relative to its prefix where they can be.
in_prefix = $(patsubst $(PREFIX)/%,$${prefix}/%,$(1))
fill = sed \
	-e 's|@PREFIX@|$(PREFIX)|' \
	-e 's|@LIBDIR@|$(call in_prefix,$(LIBDIR))|' \
	-e 's|@INCLUDEDIR@|$(call in_prefix,$(INCLUDEDIR))|' \
	-e "s|@INCLUDE_FROM_CMAKE@|$$(realpath -m --relative-to='$(CMAKEDIR)' '$(INCLUDEDIR)')|" \
	-e 's|@DESCRIPTION@|$(shell sed -n 's/^description = "\(.*\)"/\1/p' Cargo.toml)|' \
	-e 's|@VERSION@|$(VERSION)|' -e 's|@ABI@|$(ABI)|' \
	-e 's|@SONAME@|$(SONAME)|' -e 's|@REAL@|$(REAL)|' \
	-e 's|@PRIVATE_LIBS@|$(PRIVATE_LIBS)|'

# Built before, so that `sudo make install` after `make lib` needs no cargo. Another target than they are
# for, and cargo's configuration, which may name one, are reasons to build them again.
CARGO_CONFIG := $(wildcard .cargo/config .cargo/config.toml $(addprefix $(or $(CARGO_HOME),$(HOME)/.cargo)/,config config.toml))
OTHER_TARGET := $(if $(filter-out =$(CARGO_BUILD_TARGET),=$(shell cat $(BUILT_FOR) 2>/dev/null)),other-target)
.PHONY: other-target
$(STATIC) $(SHARED) &: $(shell find src -name '*.rs') Cargo.toml Cargo.lock $(CARGO_CONFIG) $(OTHER_TARGET)
	$(MAKE) lib
	touch -c $(STATIC) $(SHARED)

install: $(STATIC) $(SHARED)
	@for library in $^; do test -s $$library || { echo "$$library is missing or empty: make lib" >&2; exit 1; }; done
	install -d '$(DESTDIR)$(INCLUDEDIR)' '$(DESTDIR)$(PKGCONFIGDIR)' '$(DESTDIR)$(CMAKEDIR)'
	install -m 644 $(HEADERS:%=include/%) '$(DESTDIR)$(INCLUDEDIR)'
	install -m 644 $(STATIC) '$(DESTDIR)$(LIBDIR)'
	install -m 755 $(SHARED) '$(DESTDIR)$(LIBDIR)/$(REAL)'
	ln -sf $(REAL) '$(DESTDIR)$(LIBDIR)/$(SONAME)'
	ln -sf $(REAL) '$(DESTDIR)$(LIBDIR)/libchangeover.so'
	@$(fill) packaging/changeover.pc.in >'$(DESTDIR)$(PKGCONFIGDIR)/changeover.pc'
	@$(fill) packaging/changeover-config.cmake.in >'$(DESTDIR)$(CMAKEDIR)/changeover-config.cmake'
	@$(fill) packaging/changeover-config-version.cmake.in >'$(DESTDIR)$(CMAKEDIR)/changeover-config-version.cmake'
	@echo "changeover $(VERSION)$(CARGO_BUILD_TARGET:%= for %) is installed in $(DESTDIR)$(PREFIX)"

# The two hosts: programs, man pages, a unit for systemd. They need what their READMEs say.
HOSTS := ffmpeg-ingest udp-switch
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
UNITDIR ?= $(PREFIX)/lib/systemd/system
.PHONY: install-hosts uninstall-hosts
install-hosts: $(STATIC)
	for host in $(HOSTS); do $(MAKE) -C hosts/$$host all || exit 1; done
	install -d '$(DESTDIR)$(BINDIR)' '$(DESTDIR)$(MANDIR)/man1' '$(DESTDIR)$(UNITDIR)'
	install -m 755 $(foreach host,$(HOSTS),hosts/$(host)/$(host)) '$(DESTDIR)$(BINDIR)'
	install -m 644 $(foreach host,$(HOSTS),hosts/$(host)/$(host).1) '$(DESTDIR)$(MANDIR)/man1'
	sed 's|/usr/local/bin|$(BINDIR)|' hosts/udp-switch/udp-switch.service >'$(DESTDIR)$(UNITDIR)/udp-switch.service'
	@echo "$(HOSTS) are installed in $(DESTDIR)$(BINDIR)"

uninstall-hosts:
	rm -f $(foreach host,$(HOSTS),'$(DESTDIR)$(BINDIR)/$(host)' '$(DESTDIR)$(MANDIR)/man1/$(host).1')
	rm -f '$(DESTDIR)$(UNITDIR)/udp-switch.service'

# The program changeover.
CLI := $(TARGET)/release/changeover
.PHONY: cli install-cli uninstall-cli
cli:
	cargo build --release --bin changeover --features cli

# Built before, so that `sudo make install-cli` after `make cli` needs no cargo.
$(CLI): $(shell find src -name '*.rs') Cargo.toml Cargo.lock
	$(MAKE) cli

install-cli: $(CLI)
	install -d '$(DESTDIR)$(BINDIR)'
	install -m 755 $(CLI) '$(DESTDIR)$(BINDIR)'
	@echo "changeover is installed in $(DESTDIR)$(BINDIR)"

uninstall-cli:
	rm -f '$(DESTDIR)$(BINDIR)/changeover'

uninstall:
	rm -f $(HEADERS:%='$(DESTDIR)$(INCLUDEDIR)/%')
	rm -f '$(DESTDIR)$(LIBDIR)/libchangeover.a' '$(DESTDIR)$(LIBDIR)/$(REAL)' \
		'$(DESTDIR)$(LIBDIR)/$(SONAME)' '$(DESTDIR)$(LIBDIR)/libchangeover.so'
	rm -f '$(DESTDIR)$(PKGCONFIGDIR)/changeover.pc'
	rm -rf '$(DESTDIR)$(CMAKEDIR)'

.PHONY: generated
generated:
	ci/page
	CHANGEOVER_WRITE_GENERATED=1 cargo test --quiet --features capi --test generated

# A bug for every gate, one at a time: about an hour. To be run nightly, and after a change of a gate.
.PHONY: plants
plants:
	ci/plants

# Bugs for each rule and promise, and those that cargo-mutants makes of the core: hours.
.PHONY: verify-mutants
verify-mutants:
	ci/need python3
	ci/verify-mutants $(FILES)

.PHONY: module-graph
module-graph:
	@ci/module_graph.py

.PHONY: format
format:
	cargo fmt
	git ls-files '*.c' '*.h' '*.hpp' '*.cpp' ':!include/changeover.h' | xargs clang-format -i
	gofmt -w go

test-go:
	ci/test-go

.PHONY: test-cluster demo-cluster
test-cluster:
	ci/test-cluster etcd

demo-cluster:
	ci/demo-cluster

bench-go:
	ci/bench-go

test:
	ci/test

check:
	ci/check

demo:
	ci/demo $(if $(TIMEOUT),--packet-timeout $(TIMEOUT))

# The page of src/site, in Chromium.
test-page:
	ci/test-page

# Gaps, lost pictures, continuity, added delay: a row for each host, kind of source and timeout.
switches:
	ci/test-switches --kills 5

bench:
	ci/bench

bench-gate:
	ci/bench-gate

# Simulation, comparison, models, fuzzing.
.PHONY: verify
verify:
	ci/verify $(or $(MINUTES),60)

# False, missed, double transitions; memory that grows.
.PHONY: soak
soak:
	MINUTES=$(or $(MINUTES),20) ci/soak

clean:
	cargo clean
	rm -rf demo-output bench-output verify-output
