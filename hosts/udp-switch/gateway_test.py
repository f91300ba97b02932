#!/usr/bin/env python3
"""udp-switch as a service: tables with mistakes, a table that is read again while streams run, RTP in and out, what
systemd is told. Usage: gateway_test.py [PROGRAM]
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
import zlib

from testbed import HOST, PATIENCE, Output, Source, check, free_port, program as tested, status, wait_until

PROGRAM = tested()


class Program:
    def __init__(self, table, lines, environment=None, options=()):
        self.table = table
        self.write(lines)
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([PROGRAM, *options, "packet-timeout=5s", table], stdout=subprocess.PIPE, stderr=self.log,
                                        env={**os.environ, **(environment or {})},
                                        # Signals wait for the program to be ready for them.
                                        preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGHUP]))

    def write(self, lines):
        with open(self.table, "w") as file:
            file.write("\n".join(lines) + "\n")

    def status(self):
        return status(self.process)

    def reload(self, lines):
        self.write(lines)
        self.process.send_signal(signal.SIGHUP)

    def said(self, pattern, times=1):
        """Whether the log comes to have that line so often."""
        def says():
            self.log.seek(0)
            return len(re.findall(pattern, self.log.read(), re.M)) >= times

        return wait_until(says)

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
                   "f tcp://10.0.0.1:6 10.0.0.2:7\ng 10.0.0.1:7 10.0.0.2:99999\nh 10.0.0.1:8 10.0.0.2:8 failback=maybe\n"
                   "i 10.0.0.1:9 10.0.0.2:9 packet-timeout=0\nj 10.0.0.1:10 10.0.0.2:10 max-loss=200\n"
                   "k 10.0.0.1:11 10.0.0.2:11 measure-window=10ms\nl 10.0.0.1:12 10.0.0.2:12 packet-timeout=300\n"
                   f"{'m' * 256} 10.0.0.1:13 10.0.0.2:13\n"
                   f"n 10.0.0.1:14 10.0.0.2:14 first-switch={2 ** 57 + 1}\no 10.0.0.1:15 10.0.0.2:15 rtp-switch-element=15\n")
    run = subprocess.run([PROGRAM, "--check", path], capture_output=True, text=True)
    said = run.stderr.splitlines()
    expected = {2: "want a time", 5: "want STREAM OUTPUT INPUT", 6: "in line 4", 7: "output of line 4", 8: "not an IPv4 address",
                9: "no such setting", 10: "want udp:// or rtp://", 11: "want HOST:PORT", 12: "want auto or manual",
                13: "from 1 ms", 14: "at most 100", 15: "from 100 ms", 16: "want a time", 17: "255 bytes at most",
                18: f"at most {2 ** 57}", 19: "at most 14"}
    check(run.returncode == 1 and len(said) == len(expected), "every mistake is told, and nothing else", said)
    for line, what in expected.items():
        check(any(text.startswith(f"{path}:{line}: ") and what in text for text in said), f"line {line}: {what}", said)
    missing = subprocess.run([PROGRAM, "--check", path + "-not"], capture_output=True, text=True)
    check(missing.returncode == 1 and "No such file" in missing.stderr, "a table that is not there", missing)
    with open(path, "w") as file:
        file.write("packet-timeout=2s catch-up=500ms\na 10.0.0.1:1 10.0.0.2:2 rtp://239.1.1.1:5@10.0.0.9 commit=at-once video-timeout=0\n")
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

        program.reload([lines[0], "alone 127.0.0.1:1"])
        check(program.said("^.*table:2: want STREAM OUTPUT"), "a table with a mistake is told")
        check(sorted(program.status()) == ["", "changed", "gone", "kept"], "and changes nothing")

        program.reload([lines[0], f"changed {changed.address} {d.address} {b.address} packet-timeout=3s", f"new {new.address} {c.address}"])
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
        check(gone.falls_silent(), "what is gone sends no more")

        program.reload([lines[0].replace(kept.address, gone.address)])
        check(gone.carries(b"source-a"), "an output moves")
        check(program.status()["kept"]["sessions"][0]["received"] > 0, "without its inputs")
    finally:
        program.end()
        for source in (a, b, c, d):
            source.ended.set()


def addresses_move(directory):
    """Inputs that change places, that move up, that move to another stream: none is refused its address."""
    one, two = Output(), Output()
    a, b, c = (Source(name) for name in (b"source-a", b"source-b", b"source-c"))
    # Who is refused is not tried again in the time of the test.
    settings = "probe-cooldown=10000s"

    def lines(first, second=()):
        return [settings] + [f"{name} {output.address} {' '.join(source.address for source in sources)}"
                             for name, output, sources in (("one", one, first), ("two", two, second)) if sources]

    program = Program(os.path.join(directory, "moving"), lines([a, b, c]))
    try:
        check(one.carries(b"source-a"), "it is carried")
        for what, first, second, carried in (
                ("the best is taken away", [b, c], [], {one: b"source-b"}),
                ("two change places", [c, b], [], {one: b"source-c"}),
                ("another stream comes", [c], [b], {one: b"source-c", two: b"source-b"}),
                ("two streams change their inputs", [b], [c], {one: b"source-b", two: b"source-c"})):
            program.reload(lines(first, second))
            for output, name in carried.items():
                check(output.carries(name), f"{what}: {name} is carried")
            states = program.status()
            check(all(not each["errors"] for state in states.values() for each in state.get("inputs", [])),
                  f"{what}: nothing was refused", states)
    finally:
        program.end()
        for source in (a, b, c):
            source.ended.set()


def feed(pipe, lines, before_its_end=lambda: None):
    """Writes to the program that reads a pipe, or comes to."""
    opened = []

    def is_read():
        try:
            opened.append(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            pass  # nobody reads yet
        return bool(opened)

    check(wait_until(is_read), "the table is read")
    with open(opened[0], "w") as table:
        table.write("\n".join(lines) + "\n")
        table.flush()
        before_its_end()


def two_reloads(directory):
    """The second is asked for while the first one reads: a stream goes, and comes back."""
    kept, news = Output(), Output()
    a, b = Source(b"source-a"), Source(b"source-b")
    lines = [f"kept {kept.address} {a.address}", f"news {news.address} {b.address}"]
    program = Program(os.path.join(directory, "twice"), lines)
    try:
        check(kept.carries(b"source-a") and news.carries(b"source-b"), "both are carried")
        os.remove(program.table)
        os.mkfifo(program.table)
        program.process.send_signal(signal.SIGHUP)
        feed(program.table, lines[:1], lambda: program.process.send_signal(signal.SIGHUP))
        check(program.said("the table was read again$"), "the first is done")
        feed(program.table, lines)
        check(program.said("the table was read again$", 2), "and the second")
        check(wait_until(lambda: sorted(program.status()) == ["", "kept", "news"]), "both streams are there")
        while news.next(0):
            pass
        check(news.carries(b"source-b"), "and carried")
    finally:
        program.end()
        for source in (a, b):
            source.ended.set()


def catch_up(directory):
    """What is kept of inputs follows the table."""
    path = os.path.join(directory, "group.ts")
    # One group of pictures.
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25", "-frames:v", "600", "-c:v", "mpeg2video",
                    "-g", "600", "-sc_threshold", "1000000000", "-b:v", "300k", "-f", "mpegts", path], check=True)
    with open(path, "rb") as file:
        contents = file.read()
    output, port = Output(), free_port()
    line = f"s {output.address} {HOST}:{port} catch-up=1000s catch-up-bytes="
    program = Program(os.path.join(directory, "catch-up"), [line + "1000000"])
    at = 0

    def kept():
        """After another datagram."""
        nonlocal at
        sender.sendto(contents[at:at + 1316], (HOST, port))
        at += 1316
        sessions = program.status()["s"]["sessions"]
        return sessions[0]["kept_bytes"] if sessions else 0

    try:
        program.status()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            check(wait_until(lambda: kept() > 100_000), "a group is kept")
            program.reload([line + "50000"])
            check(program.said("the table was read again$"), "less is to be kept")
            check(wait_until(lambda: kept() <= 50_000) and at < len(contents), "and is, of a session that runs")
    finally:
        program.end()


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
        # Losses are a rate of the last seconds.
        wait_until(lambda: program.status()["r"]["inputs"][0]["packet_loss"] > 0)
        state = program.status()["r"]
        lost, received = state["sessions"][0]["lost"], state["sessions"][0]["received"]
        check(state["inputs"][0]["packet_loss"] > 0 and abs(lost - received / 9) <= 3, "what is lost of RTP is seen", state)
        garbage = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for datagram in (b"", b"\x80", b"\x9f\x21" + bytes(12), b"\xa0\x21" + bytes(9) + b"\xff", b"\x47" * 1316, b"\x80\x21" + bytes(1400)):
            garbage.sendto(datagram, (HOST, source.port))
        wait_until(lambda: program.status()[""]["malformed"] >= 6)
        check(program.status()[""]["malformed"] == 6, "what is none of RTP is no sign of life")
    finally:
        program.end()
        source.ended.set()


def switch_number(datagram, element):
    """Of an RTP packet, in its header extension (RFC 8285, one-byte); None: there is none."""
    at = 12 + 4 * (datagram[0] & 0x0F)
    if not datagram[0] & 0x10 or datagram[at:at + 2] != b"\xbe\xde":
        return None
    elements = datagram[at + 4:at + 4 + 4 * int.from_bytes(datagram[at + 2:at + 4], "big")]
    while elements:
        size = 0 if elements[0] == 0 else 1 + (elements[0] & 0x0F)
        if size and elements[0] >> 4 == element:
            return int.from_bytes(elements[1:1 + size], "big")
        elements = elements[1 + size:]
    return None


def fenced(directory):
    """A program takes the place of another, which is not told and goes on: who drops smaller numbers drops its datagrams."""
    output, programs = Output(), []
    before, after = Source(b"source-before"), Source(b"source-after")
    try:
        for source, name, first in ((before, b"source-before", 7 << 20), (after, b"source-after", 2 ** 57)):
            line = f"s rtp://{output.address} {source.address} first-switch={first} rtp-switch-element=5"
            programs.append(Program(os.path.join(directory, name.decode()), [line]))
            datagram = output.until(lambda datagram: name in datagram)
            check(datagram and switch_number(datagram, 5) == first and switch_number(datagram, 4) is None, "its number", datagram)
            check(datagram and len(datagram) == 28 + 7 * 188, "and the same packets behind it", datagram)
        newest, taken, dropped = 0, [], 0

        def drops_enough(datagram):
            nonlocal newest, dropped
            number = switch_number(datagram, 5)
            if number < newest:
                dropped += 1
            else:
                newest = number
                taken.append(b"source-after" in datagram)
            return dropped >= 50

        check(output.until(drops_enough), "the one that was replaced goes on, and is dropped", dropped)
        check(taken[-1:] == [True] and taken == sorted(taken) and newest == 2 ** 57, "and nobody else", taken)
    finally:
        for program in programs:
            program.end()
        before.ended.set()
        after.ended.set()


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


def page(directory):
    """The page and its API, where they are asked for; what can't be served is told."""
    table, token = os.path.join(directory, "paged"), os.path.join(directory, "token")
    output, source = Output(), Source(b"source-p")
    with open(token, "w") as file:
        file.write("correct-horse-battery\n")
    program = Program(table, [f"p {output.address} {source.address}"], options=["--http", "127.0.0.1:0", "--http-token-file", token])
    try:
        check(program.said(r"^udp-switch: http://\S+/$"), "it says where its page is")
        program.log.seek(0)
        address = re.search(r"http://\S+/", program.log.read())[0]
        check(output.carries(b"source-p"), "it runs")

        def rows():
            with urllib.request.urlopen(address + "api/streams") as answer:
                return json.load(answer)["streams"]

        check(wait_until(lambda: [row["stream"] for row in rows() if row["trouble"] == 0] == ["p"]), "the stream is a row")
        request = urllib.request.Request(address + "api/streams/p/switch", b'{"input":0}',
                                         {"Authorization": "Bearer correct-horse-battery"})
        check(json.load(urllib.request.urlopen(request))["override"] == 0, "with the token inputs are switched")
    finally:
        program.end()
        source.ended.set()
    for options, what in [(["--http", "nowhere"], "can't be listened on"), (["--http", "0.0.0.0:0"], "needs a token"),
                          (["--http", "127.0.0.1:0", "--http-token-file", table + "-not"], "no token in it")]:
        run = subprocess.run([PROGRAM, *options, table], capture_output=True, text=True, timeout=PATIENCE)
        check(run.returncode == 1 and what in run.stderr, f"{options}: {what}", run)
    for options, what in [(["--http-token-file", token], "without --http"), (["--http-totals"], "need --http"),
                          (["--http", "127.0.0.1:0", "--http-name", "ops.example"], "needs --http-token-file")]:
        run = subprocess.run([PROGRAM, *options, table], capture_output=True, text=True)
        check(run.returncode == 2 and what in run.stderr, f"{options} is a mistake", run)
    behind_a_proxy(table, token)


def behind_a_proxy(table, token):
    """A page that goes by a name is for who has the token."""
    output, source = Output(), Source(b"source-p")
    program = Program(table, [f"p {output.address} {source.address}"],
                      options=["--http", "127.0.0.1:0", "--http-token-file", token, "--http-name", "ops.example", "--http-totals"])

    def metrics(**headers):
        try:
            with urllib.request.urlopen(urllib.request.Request(address + "metrics", headers=headers)) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, ""

    try:
        check(program.said(r"^udp-switch: http://\S+/$"), "it says where its page is")
        program.log.seek(0)
        address = re.search(r"http://\S+/", program.log.read())[0]
        bearer = {"Authorization": "Bearer correct-horse-battery"}
        check(metrics()[0] == 401, "metrics are not read without the token")
        status, text = metrics(Host="ops.example", **bearer)
        check(status == 200 and "changeover_engine_info" in text and "stream=" not in text, "they are the engine's alone")
        check(metrics(Host="evil.example", **bearer)[0] == 403, "by another name nothing is read")
    finally:
        program.end()
        source.ended.set()


def length_at(data, at):
    """A length, seven bits a byte, and where it ends."""
    length = shift = 0
    while True:
        length |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if not data[at - 1] & 128:
            return length, at


def records(trace):
    """The records of a trace, each behind its kind; what is torn or damaged is missing."""
    SEVERAL, GOES_ON = 7, 0x80
    magic, at, found = b"changeover-trace\n", 17, []
    while trace.startswith(magic) and at < len(trace):
        length, at = length_at(trace, at)
        frame, checksum = trace[at:at + length], trace[at + length:at + length + 4]
        at += length + 4
        if checksum != zlib.crc32(frame).to_bytes(4, "little"):
            continue
        if frame[0] != SEVERAL:
            found.append(frame)
            continue
        within = 1
        while within < length:
            size, within = length_at(frame, within)
            record = frame[within:within + size]
            found.append(bytes([record[0] & ~GOES_ON]) + record[1:])
            within += size
    return found


def trace(directory):
    """What decisions are made from is recorded, where that is asked for."""
    table, path = os.path.join(directory, "traced"), os.path.join(directory, "trace")
    output, first, second = Output(), Source(b"source-1"), Source(b"source-2")
    program = Program(table, [f"traced {output.address} {first.address} {second.address} packet-timeout=300ms"],
                      options=["--trace", path])
    try:
        check(output.carries(b"source-1"), "it runs")
        first.ended.set()
        check(output.carries(b"source-2"), "and fails over")
    finally:
        program.end()
        second.ended.set()
    with open(path, "rb") as file:
        found = records(file.read())
    HEADER, REGISTERED, UNREGISTER = 1, 16, 57
    check(found and found[0][0] == HEADER and found[-1][0] == UNREGISTER, "its trace is whole", found)
    check(any(record[0] == REGISTERED and b"traced" in record for record in found), "from the registration on", found)
    check(not any(HOST.encode() in record for record in found), "without URLs", found)
    nowhere = os.path.join(directory, "not", "there")
    run = subprocess.run([PROGRAM, "--trace", nowhere, table], capture_output=True, text=True, timeout=PATIENCE)
    check(run.returncode == 1 and f"{nowhere}: No such file" in run.stderr, "that none can be written is told", run)


def closed_streams(directory):
    """No socket gets the number of a standard stream that is closed: what is printed there would be sent."""
    table = os.path.join(directory, "closed")
    output, source = Output(), Source(b"source-c")
    with open(table, "w") as file:
        file.write(f"c {output.address} {source.address}\n")
    process = subprocess.Popen(["sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-', PROGRAM, table])
    try:
        check(output.carries(b"source-c"), "it runs without standard streams")
        streams = [os.readlink(f"/proc/{process.pid}/fd/{number}") for number in range(3)]
        check(streams == ["/dev/null"] * 3, "and gives their numbers to no socket", streams)
    finally:
        process.terminate()
        check(process.wait(PATIENCE) == 0, "and ends")
        source.ended.set()


def main():
    with tempfile.TemporaryDirectory(prefix="udp-switch-") as directory:
        for test in (mistakes, reload, addresses_move, two_reloads, catch_up, rtp, fenced, systemd, page, trace, closed_streams):
            test(directory)
    return check.report("gateway")


sys.exit(main())
