#!/usr/bin/env python3
"""Counts the instructions of the packet path with callgrind and compares them with the pins.

Each path runs with N and with 2N packets; the difference by N is the cost of one, exactly. See
ci/test-instructions, which builds the program.
"""
import json
import pathlib
import re
import subprocess
import sys

N = 10_000
# The numbers are whole but for the odd instruction at a loop's end: one more or less shows.
TOLERANCE = 0.5
PINS = pathlib.Path("benches/instructions.txt")
# Packets a pinned unit.
PATHS = {"floor": 1, "handle": 1, "batch": 32, "id": 1}


def program() -> str:
    """The newest build of the bench."""
    build = ["cargo", "bench", "--quiet", "--bench", "instructions", "--no-run", "--message-format=json"]
    lines = subprocess.run(build, check=True, capture_output=True, text=True).stdout.splitlines()
    for message in map(json.loads, lines):
        if message.get("target", {}).get("name") == "instructions" and message.get("executable"):
            return message["executable"]
    sys.exit("cargo built no bench named instructions")


def count(executable: str, path: str, packets: int) -> int:
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
               "--toggle-collect=*instructions*counted*", executable, path, str(packets)]
    run = subprocess.run(command, capture_output=True, text=True)
    found = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode or not found:
        sys.exit(f"{' '.join(command)}: {run.returncode}\n{run.stdout}{run.stderr}")
    return int(found[1])


def measure() -> dict[str, float]:
    executable = program()
    return {
        path: (count(executable, path, 2 * N * unit) - count(executable, path, N * unit)) / N
        for path, unit in PATHS.items()
    }


def read_pins() -> dict[str, float]:
    lines = [line.split() for line in PINS.read_text().splitlines() if not line.startswith("#")]
    return {path: float(number) for path, number in lines}


def write_pins(measured: dict[str, float]) -> None:
    comments = [line for line in PINS.read_text().splitlines() if line.startswith("#")]
    pins = [f"{path} {number:g}" for path, number in measured.items()]
    PINS.write_text("\n".join(comments + pins) + "\n")


def main() -> int:
    measured = measure()
    if sys.argv[1:] == ["--write"]:
        write_pins(measured)
    pins = read_pins()
    failed = 0
    for path, number in measured.items():
        pinned = pins.get(path, float("nan"))
        # Fewer fails too: a pin that is not tight lets the next regression pass.
        good = abs(number - pinned) <= TOLERANCE
        failed += not good
        advice = "" if good else "  FAILED: if it is meant, ci/test-instructions --write"
        print(f"instructions, {path}: {number:g}, pinned {pinned:g}{advice}")
    print(f"{len(measured) - failed} passed, {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
