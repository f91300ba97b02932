"""What the tests of udp-switch share: checks that are counted, addresses of this run alone, sources and outputs, the
state that the program prints."""

import json
import os
import re
import select
import signal
import socket
import sys
import threading
import time

PATIENCE = 30  # seconds, for what ought to come at once
# Addresses of this run alone: no other process on the machine takes its ports or hears its datagrams.
OWN = ".".join(str(os.getpid() >> shift & 255) for shift in (16, 8, 0))
HOST = f"127.{OWN}"


def program():
    """The one that is tested: the first argument, else the one that was built here."""
    here = os.path.dirname(os.path.abspath(__file__))
    return os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else os.path.join(here, "udp-switch")


class Checks:
    passed = failed = 0

    def __call__(self, condition, what, evidence=""):
        if condition:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED: {what} {evidence}", flush=True)

    def report(self, name):
        """For sys.exit."""
        print(f"{name}: {self.passed} passed, {self.failed} failed")
        return 1 if self.failed or not self.passed else 0


check = Checks()


def wait_until(condition):
    """Whether it comes to hold before patience ends."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def below_ephemeral():
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        return iter(range(int(file.read().split()[0]) - 1, 1024, -1))


candidates = below_ephemeral()


def free_port():
    """A port of HOST, below those that the system gives to whoever asks for none: nobody takes it before the program
    does."""
    for port in candidates:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            try:
                sock.bind((HOST, port))
                return port
            except OSError:
                pass  # taken by somebody on all addresses
    raise RuntimeError("no port is free")


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

    def falls_silent(self):
        """Whether nothing comes any more, before patience ends."""
        end = time.monotonic() + PATIENCE
        while self.next(0.3):
            if time.monotonic() > end:
                return False
        return True


class Source(threading.Thread):
    """Sends null packets that say who they are from, until it is told to end. With RTP, each tenth is left out."""

    def __init__(self, name, rtp=False):
        super().__init__(daemon=True)
        packet = b"\x47\x1f\xff\x10" + name
        self.datagram = (packet + b"\xff" * (188 - len(packet))) * 7
        self.rtp, self.port, self.ended = rtp, free_port(), threading.Event()
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


def status(process):
    """What SIGUSR1 prints: by stream; of all of them under the empty name."""
    process.send_signal(signal.SIGUSR1)
    text, end = b"", time.monotonic() + PATIENCE
    while not re.search(rb"(^|\n)\t[^\n]*\n$", text):
        if not select.select([process.stdout], [], [], max(0, end - time.monotonic()))[0]:
            raise TimeoutError(f"the state is not printed: {text}")
        part = os.read(process.stdout.fileno(), 65536)
        if not part:
            raise EOFError(f"it has ended: {text}")
        text += part
    return {name: json.loads(state) for name, state in (line.split("\t") for line in text.decode().splitlines())}
