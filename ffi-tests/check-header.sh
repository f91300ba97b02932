#!/usr/bin/env bash
# The headers compile by themselves, first and twice, as C and as C++, with every warning an error.
# Usage: check-header.sh INCLUDE_DIRECTORY
set -uo pipefail
include=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tried=0 failed=0

# compile COMPILER STANDARD LANGUAGE SOURCE…
compile() {
  local compiler=$1 standard=$2 language=$3 source=$4
  tried=$((tried + 1))
  if ! printf '%b' "$source" | "$compiler" -std="$standard" -x "$language" -Wall -Wextra -Wpedantic -Wconversion \
    -Wshadow -Werror -I "$include" -c -o "$scratch/out.o" - 2>"$scratch/err"; then
    failed=$((failed + 1))
    printf '%s -std=%s: %s\n' "$compiler" "$standard" "$source" >&2
    head -n 5 "$scratch/err" >&2
  fi
}

used='int f(void);\nint f(void) { return changeover_version_number() == CHANGEOVER_VERSION_NUMBER; }\n'
for header in "$include"/*.h "$include"/*.hpp; do
  [ -e "$header" ] || continue
  once="#include <$(basename "$header")>\n"
  compilers=(gcc:gnu11:c gcc:c11:c gcc:c17:c clang:c11:c clang:c17:c g++:c++17:c++ g++:c++20:c++ clang++:c++17:c++ clang++:c++20:c++)
  for entry in "${compilers[@]}"; do
    IFS=: read -r compiler standard language <<<"$entry"
    [[ $header == *.hpp && $language == c ]] && continue
    compile "$compiler" "$standard" "$language" "$once"
    compile "$compiler" "$standard" "$language" "$once$once$used"
  done
done
echo "$((tried - failed)) of $tried tests ok"
[ "$failed" -eq 0 ] && [ "$tried" -gt 0 ]
