#!/usr/bin/env bash
# Tests the built C library as a C program sees it: plainly, under valgrind, with AddressSanitizer and
# UndefinedBehaviorSanitizer, and with ThreadSanitizer.
#
#   ffi-tests/run.sh [PREFIX]     PREFIX: an installed copy; else include/ and the cargo target
#   TESTS="matrix fork" VARIANTS=asan ffi-tests/run.sh     only these
#
# What they see. asan: every access of C and of the library, which is built for this with the sanitizer
# in it and with its own assertions on (make lib-sanitized); and what is not freed. valgrind: the same of
# the library as it is installed, whose threads it runs one at a time. tsan: races between the threads
# of C code; the library is not built for it, because that needs a standard library that is, so it is
# told to leave the library's own calls alone, and what callbacks share with a test is locked by the
# test. (The library's own memory orderings are checked by ci/test-loom.) No suppressions.
# faults.c shows that each of them is really watching.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
target=${CARGO_TARGET_DIR:-$root/target}
if [ $# -gt 0 ]; then
  installed() { PKG_CONFIG_PATH=$1/lib/pkgconfig pkg-config --variable="$2" changeover; }
  include=$(installed "$1" includedir) && libraries=$(installed "$1" libdir) || exit 1
else
  include=$root/include libraries=$target/release
fi
sanitized=$target/sanitized/libchangeover.a
# valgrind runs what is built plainly.
read -ra variants <<<"${VARIANTS:-valgrind plain asan tsan}"
needed=()
[[ " ${variants[*]} " = *" asan "* ]] && needed+=("$sanitized")
[[ " ${variants[*]} " != " asan " ]] && needed+=("$libraries/libchangeover.a" "$libraries/libchangeover.so")
for library in "${needed[@]}"; do
  [ -e "$library" ] || { echo "run.sh: no $library; run: make lib lib-sanitized" >&2; exit 1; }
done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The shared library under its SONAME, wherever it was built.
shared=$scratch/shared
mkdir -p "$shared"
if [ -e "$libraries/libchangeover.so" ]; then
  ln -s "$(realpath "$libraries/libchangeover.so")" "$shared/libchangeover.so"
  soname=$(readelf -d "$libraries/libchangeover.so" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
  ln -sf libchangeover.so "$shared/${soname:-libchangeover.so}"
fi
system="-lpthread -ldl -lm"
static="$libraries/libchangeover.a $system"
dynamic="-L$shared -lchangeover -Wl,-rpath,$shared $system"
warnings="-Wall -Wextra -Wpedantic -Werror -Wstrict-prototypes -Wmissing-prototypes"
asan_options="detect_stack_use_after_return=1"
tsan_options="ignore_noninstrumented_modules=1 halt_on_error=0 exitcode=66"
# What several tests need.
common="harness functions objects callback_host chance onlookers"
export common scratch here include sanitized static dynamic system warnings shared asan_options tsan_options

# compiler VARIANT: with the options for it.
compiler() {
  case $1 in
  plain) echo "gcc -std=gnu11 -O2 -g $warnings -I $include" ;;
  asan) echo "clang -std=gnu11 -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined -I $include" ;;
  tsan) echo "clang -std=gnu11 -O1 -g -fsanitize=thread -I $include" ;;
  esac
}

# compile VARIANT SOURCE: to an object that several tests need.
compile() {
  # shellcheck disable=SC2046
  $(compiler "$1") -c "$here/$2.c" -o "$scratch/$1-$2.o"
}

# build VARIANT TEST
build() {
  local variant=$1 test=$2 objects="" object library=$static
  for object in $common; do objects+=" $scratch/$variant-$object.o"; done
  [ "$test" = unload ] && objects=
  [ "$variant" = asan ] && library="$sanitized $system"
  [ "$variant" = tsan ] && library=$dynamic
  # shellcheck disable=SC2046,SC2086
  $(compiler $variant) "$here/$test.c" $objects -o "$scratch/$variant-$test" $library
}

# fault VARIANT: whatever is done wrong on purpose is reported, as that.
fault() {
  local variant=$1 ok=0 all=0 faults entry name text log="$scratch/$1-fault.log"
  set -- "$scratch/$variant-faults"
  case $variant in
  asan) faults="overflow:heap-buffer-overflow leak:LeakSanitizer undefined:signed.integer.overflow short_struct:changeover_set_config" ;;
  tsan) faults="race:data.race" ;;
  valgrind)
    faults="overflow:Invalid.read leak:definitely.lost short_struct:changeover_set_config"
    set -- valgrind -q --leak-check=full --error-exitcode=99 "$scratch/plain-faults"
    ;;
  esac
  for entry in $faults; do
    IFS=: read -r name text <<<"$entry"
    all=$((all + 1))
    if ASAN_OPTIONS=$asan_options TSAN_OPTIONS=$tsan_options "$@" "$name" >"$log" 2>&1 || ! grep -q "$text" "$log"; then
      echo "$variant does not report $name as $text"
      tail -n 20 "$log"
    else
      ok=$((ok + 1))
    fi
  done
  echo "$ok of $all tests ok"
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
  [ "$test" = faults ] && set -- fault "$variant"
  started=${EPOCHREALTIME/./}
  case $test:$variant in
  faults:*) "$@" ;;
  *:plain) timeout 60 "$@" ;;
  *:valgrind) TEST_SCALE=10 timeout 120 valgrind -q --fair-sched=yes --num-callers=30 "${leaks[@]}" --error-exitcode=99 "$@" ;;
  *:asan) RUST_BACKTRACE=0 TEST_SCALE=4 UBSAN_OPTIONS=print_stacktrace=1 ASAN_OPTIONS=$asan_options timeout 60 "$@" ;;
  *:tsan) TEST_SCALE=4 TSAN_OPTIONS=$tsan_options timeout 60 "$@" ;;
  esac >"$log" 2>&1
  status=$?
  line=$(tail -n 1 "$log")
  [[ $line == *" tests ok"* ]] || line="0 of 1 tests ok"
  # All tests were ok and yet it failed: a report of the tool's, or a crash at the end.
  read -r passed _ all _ <<<"$line"
  [ "$status" -ne 0 ] && [ "$passed" = "$all" ] && line="$line, but exit status $status"
  if [ "$status" -ne 0 ] || [ "$passed" != "$all" ]; then grep -v '^cell ' "$log" | head -n 60 | sed 's/^/  | /'; fi
  printf '%-9s %-16s %s (%d ms)\n' "$variant" "$test" "$line" $(((${EPOCHREALTIME/./} - started) / 1000))
}
export -f compiler compile build fault run

# The long ones first.
all="threads matrix callbacks callbacks_inside log bad_input struct_sizes fork lifecycle failover maintenance events taps site status inputs key_frames user_data destructors print problems unload version layout wait_free bugs hostile faults"
read -ra tests <<<"${TESTS:-$all}"
compiles=() builds=() runs=()
for variant in "${variants[@]}"; do
  for object in $common; do compiles+=("${variant/valgrind/plain} $object"); done
done
for test in "${tests[@]}"; do
  for variant in "${variants[@]}"; do
    # Under TSan a child of a fork can't go on, and these others have no threads.
    [ "$variant" = tsan ] && [[ $test =~ ^(fork|layout|version|bad_input|struct_sizes)$ ]] && continue
    # Only that library has bugs on demand, and its assertions on.
    [ "$variant" != asan ] && [[ $test =~ ^(bugs|hostile)$ ]] && continue
    # Tools have system calls and allocations of their own.
    [ "$variant" != plain ] && [ "$test" = wait_free ] && continue
    builds+=("${variant/valgrind/plain} $test")
    [ "$variant:$test" = plain:faults ] || runs+=("$variant $test")
  done
done
jobs=$(nproc)
each() { xargs -P "$jobs" -I{} bash -c "$1 {}"; }
{ printf '%s\n' "${compiles[@]}" | sort -u | each compile && printf '%s\n' "${builds[@]}" | sort -u | each build; } ||
  { echo "run.sh: a test does not compile" >&2; exit 1; }
[ -n "${TESTS:-}" ] || printf 'headers   %s\n' "$("$here/check-header.sh" "$include" 2>&1)" | tee "$scratch/results"
printf '%s\n' "${runs[@]}" | each run | tee -a "$scratch/results"
# The panics are in the library built for the sanitizer.
[[ " ${variants[*]} " != *" asan "* || (-n "${TESTS:-}" && "$TESTS" != "matrix fork") ]] || printf 'asan      whole matrix  %s\n' "$("$here/check-matrix.py" "$scratch"/asan-{matrix,fork}.log 2>&1)" | tee -a "$scratch/results"

# "X of Y tests ok"; and what came to its end with an error though its tests were ok.
awk '
  !/^  \|/ && match($0, /[0-9]+ of [0-9]+ tests ok/) {
    split(substr($0, RSTART, RLENGTH), n, " ")
    passed += n[1]; failed += n[3] - n[1]
    if ($0 ~ /but exit status/) failed++
  }
  END { printf "%d passed, %d failed\n", passed, failed; exit failed > 0 || passed == 0 }
' "$scratch/results"
