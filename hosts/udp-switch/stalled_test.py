#!/usr/bin/env python3
"""udp-switch goes on while nobody reads what it prints: standard error and standard output are pipes that are
full. A primary dies and is failed over from, the state is asked for, the program ends when it is told to. Usage:
stalled_test.py [PROGRAM]
"""

import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import time

from testbed import PATIENCE, Output, Source, check, program as tested

PROGRAM = tested()


def full_pipe():
    reader, writer = os.pipe()
    size = fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    os.write(writer, b"x" * (size - 1) + b"\n")
    return reader, writer


def read_all(reader):
    text = b""
    while part := os.read(reader, 65536):
        text += part
    return text.decode().lstrip("x")


def main():
    output = Output()
    primary, backup = Source(b"source-primary"), Source(b"source-backup")
    log_reader, log_writer = full_pipe()
    status_reader, status_writer = full_pipe()
    with tempfile.NamedTemporaryFile("w", suffix=".table") as table:
        table.write(f"news {output.address} {primary.address} {backup.address}\n")
        table.flush()
        program = subprocess.Popen([PROGRAM, "packet-timeout=1s", "connect-timeout=20s", table.name],
                                   stdout=status_writer, stderr=log_writer)
        os.close(log_writer)
        os.close(status_writer)
        try:
            check(output.carries(b"source-primary"), "it carries the primary")
            for _ in range(20):
                program.send_signal(signal.SIGUSR1)
                time.sleep(0.001)
            primary.ended.set()
            check(output.carries(b"source-backup"), "it fails over")
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
    return check.report("stalled")


sys.exit(main())
