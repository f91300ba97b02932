#!/usr/bin/env python3
"""Each exported function is documented as changeover.h promises at its top: which threads may call it,
whether it waits, since when; and docs/abi.md's API log names it, once, under that version."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADER = (ROOT / "include/changeover.h").read_text()
SYMBOLS = (ROOT / "ffi-tests/symbols.txt").read_text().split()
THREADS = re.compile(r"\b(Any thread|One at a time|Owner only)\b")
PROGRESS = re.compile(r"\b(wait-free|does not wait|waits? for)\b")
# The log also names structs that grew.
STRUCTS = set(re.findall(r"\bstruct (changeover_\w+) \{", HEADER))
# Inline, so not exported.
INLINE = {"changeover_record_inline"}

comments = {name: re.sub(r"\s*\n \* ?", " ", comment)
            for comment, name in re.findall(r"/\*\*((?:(?!\*/).)*)\*/\n[^\n/]*?\b(changeover_\w+)\(", HEADER, re.S)}
log = (ROOT / "docs/abi.md").read_text().split("## API log", 1)[1]
logged = [(name, version) for version, text in re.findall(r"^### (\d+\.\d+)\.\d+\n(.*?)(?=^### |\Z)", log, re.M | re.S)
          for name in re.findall(r"`(changeover_[a-z_]+)`", text) if name not in INLINE | STRUCTS]

wrong = []
for name in SYMBOLS:
    comment = comments.get(name, "")
    since = re.findall(r"\bSince (\d+\.\d+)\.", comment)
    versions = [version for logged_name, version in logged if logged_name == name]
    if not THREADS.search(comment):
        wrong.append(f"{name}: changeover.h does not say which threads may call it")
    if not PROGRESS.search(comment):
        wrong.append(f"{name}: changeover.h does not say whether it waits")
    if len(since) != 1:
        wrong.append(f"{name}: changeover.h does not say since when, once")
    if versions != since:
        wrong.append(f"{name}: docs/abi.md logs it under {versions}, changeover.h says since {since}")
wrong += [f"{name}: docs/abi.md logs it, but it is not exported" for name, _ in logged if name not in SYMBOLS]
for line in wrong:
    print(f"check-docs: {line}", file=sys.stderr)
if wrong:
    sys.exit(1)
print(f"check-docs: {len(SYMBOLS)} functions say threads, waiting, since, and are logged: ok")
