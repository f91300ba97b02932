#!/usr/bin/env python3
"""udp-switch as a service: tables with mistakes, a table that is read again while streams run, RTP in and out, what
systemd is told. Usage: gateway_test.py [PROGRAM]
"""

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else os.path.join(HERE, "udp-switch")
PATIENCE = 30  # seconds, for what ought to come at once
# An address of this run alone: no other process on the machine takes its ports.
HOST = "127." + ".".join(str(os.getpid() >> shift & 255) for shift in (16, 8, 0))

passed = failed = 0


def check(condition, what, evidence=""):
    global passed, failed
    if condition:
        passed += 1
    else:
        failed += 1
        print(f"FAILED: {what} {evidence}", flush=True)


class Output:
    """An output's far end."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((HOST, 0))
        self.address = f"{HOST}:{self.socket.getsockname()[1]}"

    def next(self, seconds=0.1):
        return self.socket.recv(2048) if select.select([self.socket], [], [], seconds)[0] else None

    def until(self, wanted):
        """The first datagram that is as wanted, before patience ends; else None."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            datagram = self.next()
            if datagram and wanted(datagram):
                return datagram
        return None

    def carries(self, name):
        return self.until(lambda datagram: name in datagram) is not None


class Source(threading.Thread):
    """Sends null packets that say who they are from, until it is told to end. With RTP, each tenth is left out."""

    ports = iter(range(int(open("/proc/sys/net/ipv4/ip_local_port_range").read().split()[0]) - 1, 1024, -1))

    def __init__(self, name, rtp=False):
        super().__init__(daemon=True)
        packet = b"\x47\x1f\xff\x10" + name
        self.datagram = (packet + b"\xff" * (188 - len(packet))) * 7
        self.rtp, self.port, self.ended = rtp, next(self.ports), threading.Event()
        self.address = f"{'rtp://' if rtp else ''}{HOST}:{self.port}"
        self.start()

    def run(self):
        number = 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            while not self.ended.wait(0.01):
                number += 1
                header = b"\x80\x21" + (number & 0xFFFF).to_bytes(2, "big") + bytes(8) if self.rtp else b""
                if not self.rtp or number % 10:
                    sock.sendto(header + self.datagram, (HOST, self.port))


class Program:
    def __init__(self, table, lines, environment=None):
        self.table = table
        self.write(lines)
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([PROGRAM, "packet-timeout=5s", table], stdout=subprocess.PIPE, stderr=self.log, text=True,
                                        env={**os.environ, **(environment or {})},
                                        # Signals wait for the program to be ready for them.
                                        preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGHUP]))

    def write(self, lines):
        with open(self.table, "w") as file:
            file.write("\n".join(lines) + "\n")

    def status(self):
        self.process.send_signal(signal.SIGUSR1)
        states = {}
        while "" not in states:
            name, state = self.process.stdout.readline().split("\t")
            states[name] = json.loads(state)
        return states

    def said(self, pattern, times=1):
        """Whether the log comes to have that line so often."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self.log.seek(0)
            if len(re.findall(pattern, self.log.read(), re.M)) >= times:
                return True
            time.sleep(0.02)
        return False

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        check(status == 0, "it ends", status)


def mistakes(directory):
    path = os.path.join(directory, "mistaken")
    with open(path, "w") as file:
        file.write("# a comment\npacket-timeout=soon\n\na 10.0.0.1:1 10.0.0.2:2  # fine\nb 10.0.0.1:2\n"
                   "a 10.0.0.1:3 10.0.0.2:3\nc 10.0.0.1:1 10.0.0.2:4\nd 10.0.0.1:4 host:5\ne 10.0.0.1:5 10.0.0.2:6 colour=red\n"
                   "f tcp://10.0.0.1:6 10.0.0.2:7\ng 10.0.0.1:7 10.0.0.2:99999\nh 10.0.0.1:8 10.0.0.2:8 failback=maybe\n")
    run = subprocess.run([PROGRAM, "--check", path], capture_output=True, text=True)
    said = run.stderr.splitlines()
    expected = {2: "want a time", 5: "want STREAM OUTPUT INPUT", 6: "in line 4", 7: "output of line 4", 8: "not an IPv4 address",
                9: "no such setting", 10: "want udp:// or rtp://", 11: "want HOST:PORT", 12: "want auto or manual"}
    check(run.returncode == 1 and len(said) == len(expected), "every mistake is told, and nothing else", said)
    for line, what in expected.items():
        check(any(text.startswith(f"{path}:{line}: ") and what in text for text in said), f"line {line}: {what}", said)
    missing = subprocess.run([PROGRAM, "--check", path + "-not"], capture_output=True, text=True)
    check(missing.returncode == 1 and "No such file" in missing.stderr, "a table that is not there", missing)
    with open(path, "w") as file:
        file.write("packet-timeout=2s catch-up=500ms\na 10.0.0.1:1 10.0.0.2:2 rtp://239.1.1.1:5@10.0.0.9 commit=at-once\n")
    good = subprocess.run([PROGRAM, "--check", path], capture_output=True, text=True)
    check(good.returncode == 0 and not good.stderr, "one that is right", good)
    usage = subprocess.run([PROGRAM, "packet-timeout=x", path], capture_output=True, text=True)
    check(usage.returncode == 2 and "usage" in usage.stderr, "a wrong setting on the command line", usage)


def reload(directory):
    kept, changed, gone, new = (Output() for _ in range(4))
    a, b, c, d = (Source(name) for name in (b"source-a", b"source-b", b"source-c", b"source-d"))
    table = os.path.join(directory, "table")
    lines = [f"kept {kept.address} {a.address}", f"changed {changed.address} {b.address}", f"gone {gone.address} {c.address}"]
    program = Program(table, lines)
    try:
        for output, name in ((kept, b"source-a"), (changed, b"source-b"), (gone, b"source-c")):
            check(output.carries(name), f"{name} is carried")
        before = program.status()

        program.write([lines[0], "alone 127.0.0.1:1"])
        program.process.send_signal(signal.SIGHUP)
        check(program.said("^.*table:2: want STREAM OUTPUT"), "a table with a mistake is told")
        check(sorted(program.status()) == ["", "changed", "gone", "kept"], "and changes nothing")

        program.write([lines[0], f"changed {changed.address} {d.address} {b.address} packet-timeout=3s", f"new {new.address} {c.address}"])
        program.process.send_signal(signal.SIGHUP)
        check(program.said("the table was read again$"), "it is read again")
        check(new.carries(b"source-c"), "a new stream is carried, from the address of one that is gone")
        check(changed.carries(b"source-d"), "a changed one from its new input")
        check(kept.carries(b"source-a"), "what did not change goes on")
        after = program.status()
        check(sorted(after) == ["", "changed", "kept", "new"], "and these are all", sorted(after))
        check(after["kept"]["registration"] == before["kept"]["registration"] and len(after["kept"]["switches"]) == 1 and
              after["kept"]["inputs"][0]["packets"] > before["kept"]["inputs"][0]["packets"] and
              after["kept"]["sessions"][0]["received"] > before["kept"]["sessions"][0]["received"], "untouched", after["kept"])
        check(after["changed"]["registration"] == before["changed"]["registration"], "a change is not a new stream")
        while gone.next(0.3):
            pass
        check(gone.next(0.3) is None, "what is gone sends no more")

        program.write([lines[0].replace(kept.address, gone.address)])
        program.process.send_signal(signal.SIGHUP)
        check(gone.carries(b"source-a"), "an output moves")
        check(program.status()["kept"]["sessions"][0]["received"] > 0, "without its inputs")
    finally:
        program.end()
        for source in (a, b, c, d):
            source.ended.set()


def rtp(directory):
    output = Output()
    source = Source(b"source-r", rtp=True)
    program = Program(os.path.join(directory, "rtp"), [f"r rtp://{output.address} {source.address}"])
    try:
        first = output.until(lambda datagram: b"source-r" in datagram)
        check(first and len(first) == 12 + 7 * 188 and first[:2] == b"\x80\x21", "RTP comes out as RTP", first)
        numbers = [int.from_bytes(first[2:4], "big")] if first else []
        for _ in range(50):
            datagram = output.until(lambda _: True)
            check(datagram and datagram[8:12] == first[8:12], "of one source")
            numbers.append(int.from_bytes(datagram[2:4], "big"))
        check(all((b - a) % 65536 == 1 for a, b in zip(numbers, numbers[1:])), "numbered in order", numbers)
        end = time.monotonic() + PATIENCE
        # Losses are a rate of the last seconds.
        while program.status()["r"]["inputs"][0]["packet_loss"] == 0 and time.monotonic() < end:
            time.sleep(0.05)
        state = program.status()["r"]
        lost, received = state["sessions"][0]["lost"], state["sessions"][0]["received"]
        check(state["inputs"][0]["packet_loss"] > 0 and abs(lost - received / 9) <= 3, "what is lost of RTP is seen", state)
        garbage = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for datagram in (b"", b"\x80", b"\x9f\x21" + bytes(12), b"\xa0\x21" + bytes(9) + b"\xff", b"\x47" * 1316, b"\x80\x21" + bytes(1400)):
            garbage.sendto(datagram, (HOST, source.port))
        end = time.monotonic() + PATIENCE
        while program.status()[""]["malformed"] < 6 and time.monotonic() < end:
            time.sleep(0.02)
        check(program.status()[""]["malformed"] == 6, "what is none of RTP is no sign of life")
    finally:
        program.end()
        source.ended.set()


def systemd(directory):
    path = os.path.join(directory, "notify")
    notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notified.bind(path)
    notified.settimeout(PATIENCE)
    output, source = Output(), Source(b"source-s")
    program = Program(os.path.join(directory, "service"), [f"s {output.address} {source.address}"],
                      {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "400000"})
    try:
        check(notified.recv(100) == b"READY=1", "it tells when it is ready")
        check([notified.recv(100) for _ in range(3)] == [b"WATCHDOG=1"] * 3, "it feeds the watchdog")
        program.process.send_signal(signal.SIGHUP)
        told = [message for message in (notified.recv(100) for _ in range(6)) if message != b"WATCHDOG=1"]
        check(told == [b"RELOADING=1", b"READY=1"], "it tells when it reads its table again", told)
    finally:
        program.end()
        source.ended.set()
    last = b""
    while last in (b"", b"WATCHDOG=1"):
        last = notified.recv(100)
    check(last == b"STOPPING=1", "and when it ends", last)


def main():
    with tempfile.TemporaryDirectory(prefix="udp-switch-") as directory:
        for test in (mistakes, reload, rtp, systemd):
            test(directory)
    print(f"gateway: {passed} passed, {failed} failed")
    return failed > 0


sys.exit(main())
