#!/usr/bin/env python3
"""udp-switch beside the plainest relay: streams of 5 Mbit/s, each with a primary and a hot standby, a key picture
each second, in one thread on one core: without a switch, and with one each second in every stream. There a primary is silent
for 500 ms every two seconds: a failover, and the return to it. Usage: bench.py [STREAMS [SECONDS]]

CPU is the program's own, of all its threads. Lateness is from the source's send to the receiver's read, the
machine's own included. The sources and receivers take the other cores.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
STREAMS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
SECONDS = int(sys.argv[2]) if len(sys.argv) > 2 else 20
FIRST = 22600
HOST = "127.0.0.1"
CPUS = sorted(os.sched_getaffinity(0))


def pin(cpus):
    return lambda: os.sched_setaffinity(0, cpus)


def cpu_seconds(pid):
    """Of the program itself, and of the system for it."""
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return [int(field) / os.sysconf("SC_CLK_TCK") for field in fields[11:13]]


def resident_mb(pid):
    return next(int(line.split()[1]) for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS")) / 1024


def told(program, out):
    """What it says of itself when asked: switches made, datagrams it could not send."""
    program.send_signal(signal.SIGUSR1)
    for _ in range(100):
        time.sleep(0.1)
        out.seek(0)
        lines = out.read().decode().splitlines()
        if lines and lines[-1].startswith("\t{") and lines[-1].endswith("}"):
            streams = [json.loads(line.split("\t", 1)[1])["output"] for line in lines[:-1]]
            return sum(s["switches"] for s in streams), sum(s["unsent"] for s in streams)
    raise TimeoutError("it does not say how it is")


def measure(name, command, deaths):
    """`deaths`: of primaries in a second."""
    with tempfile.TemporaryFile() as log, tempfile.TemporaryFile() as out:
        program = subprocess.Popen(command, stdout=out, stderr=log, preexec_fn=pin(CPUS[:1]))
        try:
            time.sleep(0.5)
            load = subprocess.Popen([os.path.join(HERE, "load"), str(STREAMS), str(SECONDS), str(deaths), str(FIRST)],
                                    stdout=subprocess.PIPE, text=True, preexec_fn=pin(CPUS[1:] or CPUS))
            time.sleep(2.5)
            cpu, begin = cpu_seconds(program.pid), time.monotonic()
            time.sleep(SECONDS - 4)
            lasted = time.monotonic() - begin
            own, system = ((after - before) / lasted for before, after in zip(cpu, cpu_seconds(program.pid)))
            memory = resident_mb(program.pid)
            result = json.loads(load.communicate()[0])
            switches, unsent = told(program, out) if name == "udp-switch" else (0, 0)
            each_second = switches / (result["ms_of_deaths"] or SECONDS * 1000) * 1000 / STREAMS
        finally:
            program.kill()
            program.wait()
    print(f"| {name} | {each_second:.2f} | {100 * (own + system):.0f} % ({100 * own:.0f} + {100 * system:.0f}) | {result['received']} | {result['missing_ts_packets']}, {unsent} | {result['median_us'] / 1000:.2f} / "
          f"{result['p99_us'] / 1000:.2f} / {result['p999_us'] / 1000:.2f} / {result['max_us'] / 1000:.1f} | {memory:.0f} MB | "
          f"{result['source_late_us'] / 1000:.1f} |", flush=True)


def main():
    print(f"{STREAMS} streams, {2 * STREAMS} inputs of 5 Mbit/s, {SECONDS} s; load average {os.getloadavg()[0]:.1f}, {len(CPUS)} CPUs\n")
    print("| | switches a second in a stream | CPU (own + system's) | datagrams out | TS packets missing, datagrams unsent | lateness, median / 99 % / 99.9 % / most, ms | memory | "
          "sources late by at most, ms |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.NamedTemporaryFile("w", suffix=".table") as table:
        for i in range(STREAMS):
            table.write(f"{i} {HOST}:{FIRST + 2 * STREAMS + i} {HOST}:{FIRST + 2 * i} {HOST}:{FIRST + 2 * i + 1}\n")
        table.flush()
        switch = [os.path.join(HERE, "udp-switch"), "packet-timeout=200ms", "failback-stable=300ms", "switch-cooldown=0", "damping-period=0",
                  table.name]
        measure("the plainest relay", [os.path.join(HERE, "plain_relay"), str(STREAMS), str(FIRST)], 0)
        for deaths in (0, STREAMS // 2):
            measure("udp-switch", switch, deaths)


main()
