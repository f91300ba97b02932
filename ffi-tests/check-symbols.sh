#!/usr/bin/env bash
# The shared library exports exactly the symbols in symbols.txt, has a SONAME of its own ABI, and
# can't be unloaded (it has threads and thread-local memory). Usage: check-symbols.sh LIBRARY
set -euo pipefail
library=$1
here=$(dirname "$0")
exported=$(nm -D --defined-only "$library" | awk '{ print $3 }' | LC_ALL=C sort)
if ! diff -u "$here/symbols.txt" <(printf '%s\n' "$exported"); then
  echo "check-symbols: $library exports something else (-: missing, +: not in symbols.txt)" >&2
  exit 1
fi
dynamic=$(readelf -d "$library")
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$here/../Cargo.toml")
IFS=. read -r major minor _ <<<"$version"
# Before 1.0 a minor release may change the ABI.
abi=$([ "$major" = 0 ] && echo "$major.$minor" || echo "$major")
grep -q "SONAME.*\[libchangeover.so.$abi\]" <<<"$dynamic" || {
  echo "check-symbols: $library has not the SONAME libchangeover.so.$abi" >&2
  exit 1
}
grep -q NODELETE <<<"$dynamic" || {
  echo "check-symbols: $library could be unloaded; link it with -z nodelete" >&2
  exit 1
}
echo "check-symbols: $(wc -l <"$here/symbols.txt") symbols, libchangeover.so.$abi, nodelete: ok"
