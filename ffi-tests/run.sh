#!/usr/bin/env bash
# Tests the built C library as a C program sees it: plainly, under valgrind, and with the C side
# under AddressSanitizer, UndefinedBehaviorSanitizer and ThreadSanitizer.
#
#   ffi-tests/run.sh [PREFIX]     PREFIX: an installation; else include/ and the cargo target
#
# What the sanitizers see: the library is built by stable Rust, uninstrumented. ASan (with its leak
# check) sees every block the library allocates or frees, and what C does with it; UBSan sees the C
# side. TSan sees races between the threads of C code; it is told to leave the library's own calls
# alone, whose locks it can't see, and what passes between callbacks and a test is locked by the
# test. valgrind sees every access, the library's included, but runs threads one at a time.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
if [ $# -gt 0 ]; then
  include=$1/include libraries=$1/lib
else
  include=$root/include libraries=${CARGO_TARGET_DIR:-$root/target}/release
fi
for library in libchangeover.a libchangeover.so; do
  [ -e "$libraries/$library" ] || { echo "run.sh: no $libraries/$library; run: make lib" >&2; exit 1; }
done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The shared library under its SONAME, wherever it was built.
shared=$scratch/shared
mkdir -p "$shared"
ln -s "$(realpath "$libraries/libchangeover.so")" "$shared/libchangeover.so"
soname=$(readelf -d "$libraries/libchangeover.so" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
ln -sf libchangeover.so "$shared/${soname:-libchangeover.so}"
static="$libraries/libchangeover.a -lpthread -ldl -lm"
dynamic="-L$shared -lchangeover -Wl,-rpath,$shared -lpthread -lm"
warnings="-Wall -Wextra -Wpedantic -Werror -Wstrict-prototypes -Wmissing-prototypes"
export scratch here include static dynamic warnings shared

# build VARIANT TEST
build() {
  local variant=$1 test=$2 out="$scratch/$1-$2" sources="$here/$2.c $here/harness.c"
  [ "$test" = unload ] && sources="$here/unload.c"
  # shellcheck disable=SC2086
  case $variant in
  plain) gcc -std=gnu11 -O2 -g $warnings -I "$include" $sources -o "$out" $static ;;
  asan) clang -std=gnu11 -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
    -fno-sanitize-recover=undefined -I "$include" $sources -o "$out" $static ;;
  tsan) clang -std=gnu11 -O1 -g -fsanitize=thread -I "$include" $sources -o "$out" $dynamic ;;
  esac
}

# run VARIANT TEST: prints the test's line; complaints go before it.
run() {
  local variant=$1 test=$2 log="$scratch/$1-$2.log" program="$scratch/$1-$2" status started line passed all
  local leaks=(--leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite)
  [ "$variant" = valgrind ] && program="$scratch/plain-$test"
  # A child has what the parent's other threads had allocated, and no way to free it.
  [ "$test" = fork ] && leaks=(--leak-check=no)
  set -- "$program"
  [ "$test" = unload ] && set -- "$program" "$shared/libchangeover.so"
  started=${EPOCHREALTIME/./}
  case $variant in
  plain) timeout 60 "$@" ;;
  valgrind) TEST_SCALE=10 timeout 120 valgrind -q --fair-sched=yes --num-callers=30 "${leaks[@]}" --error-exitcode=99 "$@" ;;
  asan) TEST_SCALE=4 UBSAN_OPTIONS=print_stacktrace=1 ASAN_OPTIONS=detect_stack_use_after_return=1 timeout 60 "$@" ;;
  tsan) TEST_SCALE=4 TSAN_OPTIONS="ignore_noninstrumented_modules=1 halt_on_error=0 exitcode=66" timeout 60 "$@" ;;
  esac >"$log" 2>&1
  status=$?
  line=$(tail -n 1 "$log")
  [[ $line == *" tests ok, "* ]] || line="0 of 1 tests ok"
  # All tests were ok and yet it failed: a report of the tool's, or a crash at the end.
  read -r passed _ all _ <<<"$line"
  [ "$status" -ne 0 ] && [ "$passed" = "$all" ] && line="$line, but exit status $status"
  [ "$status" -ne 0 ] && head -n 60 "$log"
  printf '%-9s %-13s %s (%d ms)\n' "$variant" "$test" "$line" $(((${EPOCHREALTIME/./} - started) / 1000))
}
export -f build run

tests=(version layout lifecycle events callbacks destructors failover status inputs bad_input struct_sizes fork threads unload wait_free)
variants=(plain valgrind asan tsan)
builds=() runs=()
for test in "${tests[@]}"; do
  for variant in "${variants[@]}"; do
    # Under TSan a child of a fork can't go on, and bad_input and struct_sizes have no threads.
    [ "$variant" = tsan ] && [[ $test =~ ^(fork|layout|version|bad_input|struct_sizes)$ ]] && continue
    # Tools have system calls and allocations of their own.
    [ "$variant" != plain ] && [ "$test" = wait_free ] && continue
    [ "$variant" = valgrind ] || builds+=("$variant $test")
    runs+=("$variant $test")
  done
done
jobs=$(nproc)
printf '%s\n' "${builds[@]}" | xargs -P "$jobs" -I{} bash -c 'build {}' || { echo "run.sh: a test does not compile" >&2; exit 1; }
printf 'headers   %s\n' "$("$here/check-header.sh" "$include" 2>&1)" | tee "$scratch/results"
printf '%s\n' "${runs[@]}" | xargs -P "$jobs" -I{} bash -c 'run {}' | tee -a "$scratch/results"

# "X of Y tests ok"; and what came to its end with an error though its tests were ok.
awk '
  match($0, /[0-9]+ of [0-9]+ tests ok/) {
    split(substr($0, RSTART, RLENGTH), n, " ")
    passed += n[1]; failed += n[3] - n[1]
    if ($0 ~ /but exit status/) failed++
  }
  END { printf "%d passed, %d failed\n", passed, failed; exit failed > 0 || passed == 0 }
' "$scratch/results"
