#!/usr/bin/env python3
"""udp-switch goes on while nobody reads what it prints: standard error and standard output are pipes that are
full. A primary dies and is failed over from, the state is asked for, the program ends when it is told to. Usage:
stalled_test.py [PROGRAM]
"""

import fcntl
import os
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

passed = failed = 0


def check(condition, what, evidence=""):
    global passed, failed
    if condition:
        passed += 1
    else:
        failed += 1
        print(f"FAILED: {what} {evidence}", flush=True)


def full_pipe():
    reader, writer = os.pipe()
    size = fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    os.write(writer, b"x" * (size - 1) + b"\n")
    return reader, writer


def bound():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    return sock, sock.getsockname()[1]


class Source(threading.Thread):
    """Sends datagrams of MPEG-TS (null packets), which say who they are from, until it is told to end."""

    def __init__(self, port, name):
        super().__init__(daemon=True)
        packet = b"\x47\x1f\xff\x10" + name
        self.datagram = (packet + b"\xff" * (188 - len(packet))) * 7
        self.port, self.ended = port, threading.Event()
        self.start()

    def run(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            while not self.ended.wait(0.01):
                sock.sendto(self.datagram, ("127.0.0.1", self.port))


def carries(output, name):
    """Whether the output carries that source's datagrams, before patience ends."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if select.select([output], [], [], 0.1)[0] and output.recv(2048)[4:4 + len(name)] == name:
            return True
    return False


def read_all(reader):
    text = b""
    while part := os.read(reader, 65536):
        text += part
    return text.decode().lstrip("x")


def main():
    output, output_port = bound()
    ports = []
    for _ in range(2):
        sock, port = bound()
        sock.close()
        ports.append(port)
    primary, backup = Source(ports[0], b"primary"), Source(ports[1], b"backup ")
    log_reader, log_writer = full_pipe()
    status_reader, status_writer = full_pipe()
    with tempfile.NamedTemporaryFile("w", suffix=".table") as table:
        table.write(f"news 127.0.0.1:{output_port} 127.0.0.1:{ports[0]} 127.0.0.1:{ports[1]}\n")
        table.flush()
        program = subprocess.Popen([PROGRAM, "packet-timeout=1000", "connect-timeout=20000", table.name],
                                   stdout=status_writer, stderr=log_writer)
        os.close(log_writer)
        os.close(status_writer)
        try:
            check(carries(output, b"primary"), "it carries the primary")
            for _ in range(20):
                program.send_signal(signal.SIGUSR1)
                time.sleep(0.001)
            primary.ended.set()
            check(carries(output, b"backup "), "it fails over")
            program.send_signal(signal.SIGTERM)
            try:
                status = program.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                status = "still there"
            check(status == 0, "it ends", status)
        finally:
            program.kill()
            program.wait()
            backup.ended.set()
    check(read_all(log_reader).strip() == "", "nothing was printed to a full pipe")
    os.close(status_reader)
    print(f"stalled: {passed} passed, {failed} failed")
    return failed > 0


sys.exit(main())
