#!/usr/bin/env python3
"""Counts the instructions of the packet path with callgrind and compares them with the pins; and looks in
them for loops that retry, which a path that is called wait-free has none of.

Each path runs with N and with 2N packets; the difference by N is the cost of one, exactly. See
ci/test-instructions, which builds the program.
"""
import json
import pathlib
import platform
import re
import subprocess
import sys

N = 10_000
# The numbers are whole but for the odd instruction at a loop's end: one more or less shows.
TOLERANCE = 0.5
PINS = pathlib.Path("benches/instructions.txt")
# Packets a pinned unit.
PATHS = {"floor": 1, "handle": 1, "batch": 32, "id": 1, "handle-on": 1, "batch-on": 32, "id-on": 1}

# What runs for a packet, as the disassembler names it: the rest is compiled into `record…` of the bench.
PACKET_PATH = re.compile(r"changeover::hot::(cell|by_id|owner|signal|attention|table|route|clock|gate|presence)::"
                         r"|instructions::support::host::record")
# Retries, and says itself why they end.
BOUNDED = "changeover::hot::cell::Cell::raise_last_packet"
# Neither is wait-free, nor is it said to be.
MONITORS = {"changeover::hot::cell::Cell::admit"}


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


def retry_loops(executable: str) -> tuple[set[str], set[str]]:
    """The functions of the packet path; those of them that compare and swap until it works. The compiler
    makes such loops of read-modify-writes for which x86-64 has no instruction."""
    command = ["objdump", "--disassemble", "--no-show-raw-insn", "--demangle", executable]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    functions, loops, function, swap = set(), set(), "", None
    for line in lines:
        if begin := re.match(r"[0-9a-f]+ <(.*)>:$", line):
            function, swap = begin[1], None
            if PACKET_PATH.match(function):
                functions.add(function)
            continue
        instruction = re.match(r"\s*([0-9a-f]+):\s+(.*)", line)
        if function not in functions or not instruction:
            continue
        address, text = int(instruction[1], 16), instruction[2]
        if "cmpxchg" in text:
            swap = address
        elif swap and (jump := re.match(r"(j\w+)\s+([0-9a-f]+)", text)):
            # The first jump after it tells: back, if it failed, is once more.
            if jump[1] != "jmp" and int(jump[2], 16) <= swap:
                loops.add(function)
            swap = None
    return functions, loops


def check_wait_freedom(executable: str) -> bool:
    """Whether the packet path has the one retry loop that is allowed, and no other."""
    if platform.machine() != "x86_64":
        print("wait-free: only the instructions of x86_64 are known here")
        return True
    functions, loops = retry_loops(executable)
    for wanted in ["changeover::hot::cell::Cell::record_shared", "instructions::support::host::record_by_id"]:
        if wanted not in functions:
            print(f"wait-free: {wanted} is not in the program: has it another name?  FAILED")
            return False
    if BOUNDED not in loops:
        print(f"wait-free: {BOUNDED} was not found to retry, so nothing else would be  FAILED")
        return False
    for function in loops - MONITORS - {BOUNDED}:
        print(f"wait-free: {function} retries until a compare-and-swap works  FAILED")
    return loops <= MONITORS | {BOUNDED}


def measure(executable: str) -> dict[str, float]:
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
    executable = program()
    measured = measure(executable)
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
    wait_free = check_wait_freedom(executable)
    failed += not wait_free
    if wait_free:
        print("wait-free: no retry loop but the bounded one")
    print(f"{len(measured) + 1 - failed} passed, {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
