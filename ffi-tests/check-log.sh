#!/usr/bin/env bash
# docs/abi.md's API log names every exported function, each once, and no other.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
logged=$(sed -n '/^## API log/,$p' "$root/docs/abi.md" | grep -o '`changeover_[a-z_]*`' | tr -d '`' |
  grep -vx changeover_record_inline | LC_ALL=C sort)
if ! diff -u "$root/ffi-tests/symbols.txt" <(printf '%s\n' "$logged"); then
  echo "check-log: docs/abi.md's API log differs (-: not logged, +: not exported, or twice)" >&2
  exit 1
fi
echo "check-log: docs/abi.md names every symbol: ok"
