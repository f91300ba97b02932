#!/usr/bin/env bash
# changeover as somebody finds it who has installed it: files, pkg-config, CMake, headers, symbols,
# C and C++ programs, shared and static, by gcc and by clang. Usage: run.sh [PREFIX]: against what is
# installed in PREFIX, or (without) against a fresh `make install` into a temporary directory. STEP=inline
# run.sh: only the steps with that in their names.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# check NAME COMMAND…: passes if the command does; its output is shown if not.
check() {
  local name=$1
  shift
  [[ $current == *"${STEP:-}"* ]] || return 0
  if "$@" >"$work/log" 2>&1; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAILED: %s: %s\n' "$name" "$*"
    head -c 4000 "$work/log"
  fi
}
step() { current=$* && printf '== %s\n' "$current"; }
not() { ! "$@"; }
equal() { [ "$1" = "$2" ] || { printf 'is:   %s\nwant: %s\n' "$1" "$2"; return 1; }; }

version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml")
IFS=. read -r major minor _ <<<"$version"
abi=$([ "$major" = 0 ] && echo "$major.$minor" || echo "$major")
soname=libchangeover.so.$abi
quiet_make() { make --no-print-directory -C "$root" "$@"; }

# Everything under a directory but directories, relative to it.
files() { (cd "$1" && find . ! -type d | sed 's|^\./||' | LC_ALL=C sort); }

step installed files
prefix=${1:-}
if [ -z "$prefix" ]; then
  prefix=$work/prefix
  quiet_make install PREFIX="$prefix" || exit 1
fi
cat >"$work/want" <<FILES
include/changeover.h
include/changeover.hpp
include/changeover_inline.h
lib/cmake/changeover/changeover-config-version.cmake
lib/cmake/changeover/changeover-config.cmake
lib/libchangeover.a
lib/libchangeover.so
lib/$soname
lib/libchangeover.so.$version
lib/pkgconfig/changeover.pc
FILES
files "$prefix" >"$work/have"
check "exactly these files" diff -u "$work/want" "$work/have"
check "no placeholder is left" not grep -rn '@[A-Z_]*@' "$prefix/lib/pkgconfig" "$prefix/lib/cmake"
check "symbols, SONAME, nodelete" "$root/ffi-tests/check-symbols.sh" "$prefix/lib/libchangeover.so"
check "SONAME by objdump" sh -c "objdump -p '$prefix/lib/libchangeover.so.$version' | grep -qx '  SONAME *$soname'"
for link in "$soname" libchangeover.so; do
  check "$link" equal "$(readlink "$prefix/lib/$link")" "libchangeover.so.$version"
done

step cargo-c
grep -v cmake "$work/want" | LC_ALL=C sort >"$work/without-cmake"
check "the metadata is as expected" python3 "$here/metadata.py" "$root"
python3 "$here/metadata.py" "$root" 2>/dev/null | LC_ALL=C sort >"$work/cargo-c"
check "cargo cinstall would install the same, less CMake" diff -u "$work/without-cmake" "$work/cargo-c"
# What every Rust library needs of the system, less what the compiler driver adds by itself.
native=$(rustc --crate-type staticlib --print native-static-libs -o "$work/empty.a" - </dev/null 2>&1 |
  sed -n 's/.*native-static-libs: //p' | tr ' ' '\n' | grep -vx -e -lgcc_s -e -lc | sort | tr '\n' ' ')
private=$(make -s --no-print-directory -C "$root" -f Makefile -f <(echo 'private: ; @echo $(PRIVATE_LIBS)') private |
  tr ' ' '\n' | sort | tr '\n' ' ')
check "Libs.private is what rustc says" equal "$private" "$native"
if cargo cinstall --version >/dev/null 2>&1; then
  check "cargo cinstall" cargo cinstall --quiet --manifest-path "$root/Cargo.toml" --features serve --prefix "$work/cinstall" \
    --libdir "$work/cinstall/lib"
  check "the same files" diff -u "$work/without-cmake" <(files "$work/cinstall")
  check "the same symbols, SONAME, nodelete" "$root/ffi-tests/check-symbols.sh" "$work/cinstall/lib/libchangeover.so"
  check "the same headers" diff -r "$prefix/include" "$work/cinstall/include"
fi

step staging and uninstalling
# As a distribution does it: a staging directory, and libraries in a place of their own.
stage=$work/stage
check "make install DESTDIR" quiet_make install DESTDIR="$stage" PREFIX=/usr LIBDIR=/usr/lib/some-triplet
check "nothing outside of it" equal "$(ls "$stage") $(ls "$stage/usr" | tr '\n' ' ')" "usr include lib "
check "the prefix is not the stage" not grep -rqF "$stage" "$stage/usr/lib/some-triplet/pkgconfig" "$stage/usr/lib/some-triplet/cmake"
staged() { PKG_CONFIG_SYSROOT_DIR=$stage PKG_CONFIG_PATH="$stage/usr/lib/some-triplet/pkgconfig" pkg-config "$@" changeover; }
check "pkg-config with a sysroot" equal "$(staged --variable=libdir) $(staged --variable=includedir)" \
  "$stage/usr/lib/some-triplet $stage/usr/include"
check "make uninstall" quiet_make uninstall DESTDIR="$stage" PREFIX=/usr LIBDIR=/usr/lib/some-triplet
check "leaves nothing" equal "$(files "$stage")" ""

step another target, wherever cargo builds it
if [ -z "${1:-}" ] && [[ $current == *"${STEP:-}"* ]]; then
  # A checkout whose cargo configuration names a target and a directory, as a person's own may.
  copy=$work/checkout
  mkdir -p "$copy/.cargo"
  tar -C "$root" --exclude=./target --exclude=./.git -c . | tar -C "$copy" -x
  host=$(rustc -vV | sed -n 's/^host: //p')
  printf '[build]\ntarget = "%s"\ntarget-dir = "%s/elsewhere"\n' "$host" \
    "$(realpath -m "${CARGO_TARGET_DIR:-$root/target}")" >"$copy/.cargo/config.toml"
  export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
  copy_make() { env -u CARGO_TARGET_DIR "$@" make --no-print-directory -C "$copy" install PREFIX="$copy/prefix"; }
  links() {
    gcc "$here/stranger.c" "-I$copy/prefix/include" "$copy/prefix/lib/libchangeover.a" $private -o "$work/stranger" && "$work/stranger" &&
      gcc "$here/stranger.c" "-I$copy/prefix/include" "-L$copy/prefix/lib" "-Wl,-rpath,$copy/prefix/lib" -lchangeover -o "$work/stranger" && "$work/stranger"
  }
  check "build.target and build.target-dir" copy_make
  check "what is installed works" links
  rm -rf "$copy/prefix"
  check "CARGO_BUILD_TARGET" copy_make CARGO_BUILD_TARGET="$host"
  check "what is installed works" links
  check "the same libraries for everyone in the checkout" cmp "$copy/target/release/libchangeover.a" "$copy/prefix/lib/libchangeover.a"
  says() { copy_make "$@" | tail -n 1 | grep -qF " for $host is installed in "; }
  check "and it says for which" says CARGO_BUILD_TARGET="$host"
  check "another target than they are for is built" not copy_make CARGO_BUILD_TARGET=no-such-target
  # No step takes an empty or missing product for one.
  : >"$copy/target/release/libchangeover.a"
  check "an empty library is not installed" not copy_make CARGO_BUILD_TARGET="$host"
  rm -rf "$copy/target" "$copy/prefix"
  mkdir "$work/bin"
  printf '#!/bin/sh\n' >"$work/bin/cargo"
  chmod +x "$work/bin/cargo"
  check "a cargo that builds nothing" not copy_make PATH="$work/bin:$PATH"
  printf '#!/bin/sh\necho \047{"reason":"compiler-artifact","target":{"name":"changeover"},"filenames":["%s/libchangeover.a"]}\047\n' "$work" >"$work/bin/cargo"
  check "a cargo that builds something else than it says" not copy_make PATH="$work/bin:$PATH"
  check "nothing is installed then" not test -e "$copy/prefix"
fi

step pkg-config
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
check "is valid" pkg-config --validate changeover
check "version" equal "$(pkg-config --modversion changeover)" "$version"
check "exists in this version" pkg-config --exists "changeover >= $version"
check "--cflags" equal "$(pkg-config --cflags changeover | xargs)" "-I$prefix/include"
check "--libs" equal "$(pkg-config --libs changeover | xargs)" "-L$prefix/lib -lchangeover"
check "--static --libs" equal "$(pkg-config --static --libs changeover | xargs | tr ' ' '\n' | sort | xargs)" \
  "$(printf '%s\n' "-L$prefix/lib" -lchangeover $private | sort | xargs)"

step headers
strict=(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wundef -Wcast-qual -Werror -fsyntax-only)
include="-I$prefix/include"
header() { # LANGUAGE STANDARD COMPILER HEADER: alone in a file, twice.
  printf '#include <%s>\n#include <%s>\nextern int nothing;\n' "$4" "$4" >"$work/twice"
  check "$3 -std=$2: $4, twice" "$3" -x "$1" -std="$2" "${strict[@]}" "$include" "$work/twice"
}
for compiler in gcc clang; do
  for standard in c99 c11 c17 gnu2x; do
    header c $standard $compiler changeover.h
    header c $standard $compiler changeover_inline.h
  done
done
strict+=(-Wold-style-cast -Wnon-virtual-dtor)
for compiler in g++ clang++; do
  for standard in c++17 c++20; do
    header c++ $standard $compiler changeover.h
    header c++ $standard $compiler changeover_inline.h
    header c++ $standard $compiler changeover.hpp
  done
  check "$compiler: changeover.hpp refuses C++14" not "$compiler" -x c++ -std=c++14 -fsyntax-only "$include" \
    -include changeover.hpp /dev/null
done

warnings=(-Wall -Wextra -Wpedantic -Werror)
shared=($(pkg-config --cflags --libs changeover) "-Wl,-rpath,$prefix/lib")
static=($(pkg-config --cflags changeover) "$prefix/lib/libchangeover.a" $private)
pair() { case $1 in gcc) echo g++ ;; clang) echo clang++ ;; esac; }

step two translation units
for c in gcc clang; do
  cpp=$(pair $c)
  for standard in c11 c17; do
    check "$c -std=$standard" "$c" -std=$standard "${warnings[@]}" -c -DMAIN "$here/unit.c" "$include" -o "$work/main.o"
    check "$c -std=$standard" "$c" -std=$standard "${warnings[@]}" -c "$here/unit.c" "$include" -o "$work/other.o"
    check "$c -std=$standard links" "$c" "$work/main.o" "$work/other.o" "${shared[@]}" -o "$work/units"
    check "$c -std=$standard runs" "$work/units"
  done
  for standard in c++17 c++20; do
    for unit in main other; do
      define=$([ $unit = main ] && echo -DMAIN || echo -DOTHER)
      check "$cpp -std=$standard" "$cpp" -x c++ -std=$standard "${warnings[@]}" -c "$define" "$here/unit.c" "$include" \
        -o "$work/$unit++.o"
    done
    check "$cpp -std=$standard links" "$cpp" "$work/main++.o" "$work/other++.o" "${shared[@]}" -o "$work/units"
    check "$cpp -std=$standard runs" "$work/units"
    check "$cpp -std=$standard with C links" "$cpp" "$work/main++.o" "$work/other.o" "${static[@]}" -o "$work/units"
    check "$cpp -std=$standard with C runs" "$work/units"
  done
done

step "a stranger's ten lines"
# Without the shared library beside it, -lchangeover is the static one.
mkdir "$work/only-static"
cp "$prefix/lib/libchangeover.a" "$work/only-static"
needs() { readelf -d "$1" | grep -q "NEEDED.*\[$soname\]"; }
for cc in gcc clang; do
  # The line of the README, word for word.
  check "$cc" sh -c "$cc '$here/stranger.c' \$(pkg-config --cflags --libs changeover) -o '$work/stranger'"
  check "$cc: needs $soname" needs "$work/stranger"
  check "$cc: runs" env LD_LIBRARY_PATH="$prefix/lib" "$work/stranger"
  check "$cc: static, by name" sh -c "$cc '$here/stranger.c' \$(pkg-config --cflags changeover) -Wl,-Bstatic -lchangeover -L$prefix/lib -Wl,-Bdynamic $private -o '$work/stranger'"
  check "$cc: needs no $soname" not needs "$work/stranger"
  check "$cc: runs" "$work/stranger"
  check "$cc: pkg-config --static, no shared one there" sh -c "$cc '$here/stranger.c' \$(pkg-config --static --cflags --libs changeover | sed 's|-L[^ ]*|-L$work/only-static|') -o '$work/stranger'"
  check "$cc: runs" "$work/stranger"
  check "$cc: all static" sh -c "$cc -static '$here/stranger.c' \$(pkg-config --static --cflags --libs changeover) -o '$work/stranger'"
  check "$cc: runs" "$work/stranger"
  check "$cc: versions" sh -c "$cc -DEXPECTED='\"$version\"' '$here/versions.c' ${shared[*]} -o '$work/versions' && '$work/versions'"
done

step CMake
build() { # DIRECTORY PREFIX [WANTED]
  cmake -S "$here/cmake" -B "$1" -DCMAKE_PREFIX_PATH="$2" -DWANTED="${3:-}" && cmake --build "$1"
}
check "find_package(changeover)" build "$work/cmake" "$prefix"
for program in c-changeover c-static cpp-changeover cpp-static; do
  check "$program runs" "$work/cmake/$program"
done
check "changeover::changeover needs $soname" needs "$work/cmake/c-changeover"
check "changeover::static does not" not needs "$work/cmake/c-static"
check "find_package(changeover $abi)" build "$work/cmake-abi" "$prefix" "$abi"
check "find_package(changeover $version)" build "$work/cmake-version" "$prefix" "$version"
for other in 0.0.9 "$major.$((minor + 1))" "$((major + 1)).0"; do
  check "not find_package(changeover $other)" not build "$work/cmake-$other" "$prefix" "$other"
done
cp -a "$prefix" "$work/moved"
check "a moved tree" build "$work/cmake-moved" "$work/moved"
check "a moved tree runs" "$work/cmake-moved/cpp-changeover"
check "a moved tree is the one used" sh -c "readelf -d '$work/cmake-moved/c-changeover' | grep -q '$work/moved/lib'"

step the inline fast path
for cc in gcc clang; do
  for options in -O0 -O2 "-O2 -DCHANGEOVER_NO_INLINE" "-O2 -std=c99"; do
    check "$cc $options" "$cc" -std=c11 "${warnings[@]}" $options "$here/inline.c" -Wl,--wrap=changeover_record "${shared[@]}" \
      -o "$work/inline"
    check "$cc $options: does as the call" "$work/inline"
  done
done

step C++
sanitizers=(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
for program in hpp hpp_events hpp_callbacks; do
  source=$here/$program.cpp
  for cpp in g++ clang++; do
    for standard in c++17 c++20; do
      check "$cpp -std=$standard" "$cpp" -std=$standard -O1 -g "${warnings[@]}" "$source" "${shared[@]}" -pthread -o "$work/$program"
      check "$cpp -std=$standard: $program" "$work/$program"
    done
    check "$cpp sanitized" "$cpp" -std=c++17 -O1 -g "${warnings[@]}" "${sanitizers[@]}" "$source" "${static[@]}" -pthread -o "$work/sanitized"
    check "$cpp sanitized: $program" "$work/sanitized"
  done
  # The library is not built for ThreadSanitizer, so its own calls are left alone, see ffi-tests/run.sh.
  check "g++ -fsanitize=thread" g++ -std=c++17 -O1 -g "${warnings[@]}" -fsanitize=thread "$source" "${shared[@]}" -pthread -o "$work/tsan"
  check "$program under ThreadSanitizer" env TSAN_OPTIONS="ignore_noninstrumented_modules=1 exitcode=66" "$work/tsan"
  check "$program under valgrind" valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite,indirect "$work/$program"
done
# The C blocks of docs/c-api.md are one program.
sed -n '/^```c$/,/^```$/p' "$root/docs/c-api.md" | grep -v '^```' >"$work/c-api.c"
check "docs/c-api.md" gcc -std=c11 -D_GNU_SOURCE -g "${warnings[@]}" "${sanitizers[@]}" "$work/c-api.c" "${static[@]}" -o "$work/c-api"
check "docs/c-api.md runs" timeout 60 "$work/c-api"
check "examples/quickstart.cpp" g++ -std=c++17 "${warnings[@]}" "$root/examples/quickstart.cpp" "${shared[@]}" -pthread -o "$work/quickstart"
check "examples/quickstart.cpp runs" "$work/quickstart"
check "examples/quickstart.c" gcc -std=c11 -D_GNU_SOURCE "${warnings[@]}" "$root/examples/quickstart.c" "${shared[@]}" -pthread -o "$work/quickstart"
check "examples/quickstart.c runs" "$work/quickstart"
check "examples/page.c" gcc -std=c11 "${warnings[@]}" "$root/examples/page.c" "${shared[@]}" -o "$work/page"
check "examples/page.c has a page" python3 - "$work/page" <<'PYTHON'
import socket, subprocess, sys, time, urllib.request
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    address = "%s:%d" % free.getsockname()
with subprocess.Popen([sys.argv[1], address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as host:
    deadline, page = time.monotonic() + 30, b""
    while host.poll() is None and not page and time.monotonic() < deadline:
        try:
            page = urllib.request.urlopen(f"http://{address}/", timeout=30).read()
        except OSError:
            time.sleep(0.02)
    said, _ = host.communicate("\n", timeout=30)
assert host.returncode == 0 and said == f"{address}\n" and b"<title>" in page, (said, page)
PYTHON

printf 'install: %d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
