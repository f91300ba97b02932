#!/usr/bin/env python3
"""The matrix of matrix.c and fork.c is complete: each exported function × each misuse that its signature
allows has run. Usage: check-matrix.py LOG..., of programs that print a line "cell FUNCTION MISUSE TIMES" each.

What a signature allows is read from changeover.h here, not from the tests' own table."""

import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADER = (ROOT / "include/changeover.h").read_text()
SYMBOLS = (ROOT / "ffi-tests/symbols.txt").read_text().split()

# Handles are pointers to these; the structs that hold one are outputs where they are opened or prepared.
HANDLES = ("changeover_engine", "changeover_status", "changeover_stream_list", "changeover_tap", "changeover_text",
           "changeover_server", "changeover_site", "changeover_response")
HOLDERS = {"changeover_input": "changeover_open_input", "changeover_event": "changeover_event_init"}
# A `struct_size` of its own; lists of inputs have a length and texts.
SIZED = re.findall(r"typedef struct (\w+) \{\s*/\*\*[^/]*\*/\s*size_t struct_size;", HEADER)
# Whoever ends something may be given it twice.
ENDS = re.compile(r"_free$|_close_|_close$|_clear$")


def signatures():
    code = re.sub(r"/\*.*?\*/", "", HEADER, flags=re.S)
    for name, parameters in re.findall(r"^[^\n#]*\b(changeover_\w+)\(([^)]*)\);", code, re.M):
        yield name, [] if parameters == "void" else [" ".join(p.split()) for p in parameters.split(",")]


def allowed(name, parameters):
    """How often each misuse is possible, at least."""
    want = {"callback": 1, "shutdown": 1, "fork": 1, "panic": 1}
    pointers = [p for p in parameters if "*" in p or "_fn " in p]
    types = [re.search(r"(changeover_\w+|char) \*(?!\*)", p) for p in pointers]
    types = [t.group(1) for t in types if t]
    handles = [t for t in types if t in HANDLES or (t in HOLDERS and HOLDERS[t] != name)]
    lists = [t for t in types if t == "changeover_input_spec" and name != "changeover_input_spec_init"]
    texts = len(re.findall(r"const char \*(\w+), size_t \1_len", ", ".join(parameters)))
    lengths = sum(re.fullmatch(r"size_t (\w+_len|struct_size)", p) is not None for p in parameters)
    structs = sum(t in SIZED and not name.endswith("_init") and t != "changeover_input_spec" for t in types)
    want["null"] = len(pointers)
    want["stale"] = want["foreign"] = len(handles)
    want["double_close"] = len(handles) if ENDS.search(name) and name != "changeover_clear_override" else 0
    want["length"] = lengths + structs
    want["utf8"] = texts + len(lists)
    return want


def main():
    have = collections.Counter()
    for log in sys.argv[1:]:
        for name, misuse, times in re.findall(r"^cell (\w+) (\w+) (\d+)$", pathlib.Path(log).read_text(), re.M):
            have[name, misuse] += int(times)
    known = dict(signatures())
    missing = [f"{name} is exported, but not in changeover.h" for name in SYMBOLS if name not in known]
    cells = 0
    for name in sorted(set(SYMBOLS) | {name for name, _ in have}):
        if name not in SYMBOLS:
            missing.append(f"{name} is not exported")
            continue
        for misuse, least in allowed(name, known.get(name, [])).items():
            cells += least > 0
            if have[name, misuse] < least:
                missing.append(f"{name} × {misuse}: {have[name, misuse]} of at least {least}")
    for line in missing:
        print(f"check-matrix: {line}", file=sys.stderr)
    print(f"{len(SYMBOLS)} functions, {cells} cells, {sum(have.values())} combinations: "
          f"{cells - len(missing)} of {cells} tests ok")
    sys.exit(1 if missing else 0)


main()
