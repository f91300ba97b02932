#!/usr/bin/env python3
"""udp-switch carries 200 inputs of real MPEG-TS on real sockets, in one thread, while half of the sources
die, return, and all of them end. Usage: test.py [PROGRAM]

The MPEG-TS comes from ffmpeg, once for primaries and once for backups. In each datagram the seventh packet
is a null packet that carries which source sent it, and its number there: so every datagram that comes out
tells where it is from, and whether one before it is missing. No speed is asserted; waits have deadlines.
"""

import collections
import multiprocessing
import os
import select
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

from testbed import HOST, OWN, check, free_port, program as tested, status as read_status

PROGRAM = tested()

STREAMS = 100
TS = 188
INTERVAL = 0.04  # seconds between two datagrams of one source
STAMP = struct.Struct("!8sHHQ")
MAGIC = b"changovr"
MULTICAST = f"239.{OWN}"  # the best input of the first stream, on the loopback interface

PACKET_TIMEOUT = 1.5  # seconds
# A run in which somebody stood still for so long proves nothing: sources that are not dead were silent.
STOOD_STILL = PACKET_TIMEOUT / 3

# --- real MPEG-TS


def make_ts(directory, name, picture, first_pid):
    path = os.path.join(directory, name)
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"{picture}=size=160x90:rate=25", "-f", "lavfi", "-i", "sine",
         "-t", "60", "-c:v", "mpeg2video", "-g", "25", "-b:v", "100k", "-c:a", "mp2", "-b:a", "32k",
         "-mpegts_start_pid", str(first_pid), "-muxrate", "226k", "-f", "mpegts", path],
        check=True)
    with open(path, "rb") as file:
        return file.read()


def null_packet(stream, priority, number):
    packet = b"\x47\x1f\xff\x10" + STAMP.pack(MAGIC, stream, priority, number)
    return packet + b"\xff" * (TS - len(packet))


def stamp_of(datagram):
    if len(datagram) != 7 * TS:
        return None
    magic, stream, priority, number = STAMP.unpack_from(datagram, 6 * TS + 4)
    return (stream, priority, number) if magic == MAGIC else None


# --- the sources: one process


def send_all(contents, addresses, alive, sent, ended, skip, late):
    """Source (stream, priority) sends while alive; what is in `skip` is numbered and not sent. `late`: by how
    much at most."""
    count = len(addresses)
    sockets = [None] * count
    numbers = [0] * count
    slots = 40
    begin = time.monotonic()
    step = 0
    while not ended.value:
        wait = begin + step * INTERVAL / slots - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        late.value = max(late.value, -wait)
        for source in range(step % slots, count, slots):
            if not alive[source]:
                if sockets[source]:
                    sockets[source].close()
                    sockets[source] = None
                continue
            if not sockets[source]:
                sockets[source] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                sockets[source].setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
            stream, priority = divmod(source, 2)
            number = numbers[source]
            numbers[source] += 1
            if (source, number) in skip:
                continue
            # Each source somewhere else in the file, and for the time this takes not at its end.
            content = contents[priority]
            at = (source % 200 + number) * 6 * TS
            sockets[source].sendto(content[at:at + 6 * TS] + null_packet(stream, priority, number), addresses[source])
            sent[source] += 1
        step += 1


class Watchman(threading.Thread):
    """Sleeps, and notes by how much at most it overslept."""

    def __init__(self):
        super().__init__(daemon=True)
        self.late = 0
        self.start()

    def run(self):
        while True:
            asleep = time.monotonic()
            time.sleep(0.02)
            self.late = max(self.late, time.monotonic() - asleep - 0.02)


# --- what comes out


class Receiver:
    """The outputs: for each stream, the runs of datagrams from one source."""

    Run = collections.namedtuple("Run", "priority first_at last_at first last count")

    def __init__(self):
        self.sockets, self.runs, self.foreign, self.unstamped = [], [], 0, 0
        self.epoll = select.epoll()
        self.by_fd = {}
        for stream in range(STREAMS):
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            sock.bind(("127.0.0.1", 0))
            self.sockets.append(sock)
            self.runs.append([])
            self.by_fd[sock.fileno()] = stream
            self.epoll.register(sock, select.EPOLLIN)

    def addresses(self):
        return [f"127.0.0.1:{sock.getsockname()[1]}" for sock in self.sockets]

    def receive(self, seconds):
        for fd, _ in self.epoll.poll(seconds):
            stream = self.by_fd[fd]
            while True:
                try:
                    datagram = self.sockets[stream].recv(2048)
                except BlockingIOError:
                    break
                self.take(stream, stamp_of(datagram))

    def take(self, stream, stamp):
        now = time.monotonic()
        if stamp is None:
            # Of a switch: the rest of a picture, or what is caught up.
            self.unstamped += 1
            return
        if stamp[0] != stream:
            self.foreign += 1
            return
        _, priority, number = stamp
        runs = self.runs[stream]
        if runs and runs[-1].priority == priority and runs[-1].last + 1 == number:
            runs[-1] = runs[-1]._replace(last_at=now, last=number, count=runs[-1].count + 1)
        else:
            runs.append(self.Run(priority, now, now, number, number, 1))

    def until(self, condition, seconds):
        """Receives until the condition holds for every stream; says for which it does not."""
        end = time.monotonic() + seconds
        missing = list(range(STREAMS))
        while missing and time.monotonic() < end:
            self.receive(0.05)
            missing = [stream for stream in missing if not condition(stream)]
        return missing

    def for_seconds(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.receive(0.05)

    def order(self, stream):
        return [run.priority for run in self.runs[stream]]


# --- udp-switch


def status(program):
    """By stream, and the totals."""
    states = read_status(program)
    return states, states.pop("")


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def names_of_threads(pid):
    """By number."""
    found = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/comm") as file:
            found[task] = file.read().strip()
    return found


def main():
    """Until a run passes, or fails though nobody stood still."""
    with tempfile.TemporaryDirectory(prefix="udp-switch-") as directory:
        contents = [make_ts(directory, "primary.ts", "testsrc", 256), make_ts(directory, "backup.ts", "testsrc2", 512)]
        watchman = Watchman()
        for _ in range(3):
            check.passed = check.failed = watchman.late = 0
            late = max(one_run(directory, contents), watchman.late)
            if not check.failed or late < STOOD_STILL:
                return
            print(f"that proves nothing: the machine stood still for {late:.1f} s", flush=True)


def one_run(directory, contents):
    """Returns by how much the sources were late."""
    receiver = Receiver()
    outputs = receiver.addresses()
    addresses = [(HOST, free_port()) for _ in range(2 * STREAMS)]
    addresses[0] = (MULTICAST, addresses[0][1])
    table = os.path.join(directory, "table")
    with open(table, "w") as file:
        file.write("# STREAM OUTPUT INPUT INPUT\n")
        for stream in range(STREAMS):
            inputs = [f"{host}:{port}" for host, port in addresses[2 * stream:2 * stream + 2]]
            if stream == 0:
                inputs[0] += "@127.0.0.1"
            file.write(f"stream/{stream} {outputs[stream]} {' '.join(inputs)}\n")

    log = open(os.path.join(directory, "log"), "w+")
    program = subprocess.Popen(
        [PROGRAM, f"packet-timeout={PACKET_TIMEOUT * 1000:.0f}ms", "connect-timeout=6s", "switch-cooldown=500ms",
         "failback-stable=500ms", "probe-cooldown=60s", table],
        stdout=subprocess.PIPE, stderr=log,
        # SIGUSR1 waits for the program to be ready for it, however slowly that starts.
        preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1]))
    alive = multiprocessing.Array("b", [1] * (2 * STREAMS), lock=False)
    sent = multiprocessing.Array("Q", [0] * (2 * STREAMS), lock=False)
    ended = multiprocessing.Value("b", 0, lock=False)
    late = multiprocessing.Value("d", 0, lock=False)
    # The best source of stream 1 loses two datagrams of each ten, from its fifth on.
    lossy = 2 * 1
    skip = {(lossy, number) for number in range(5, 100000) if number % 10 in (5, 6)}
    # Also garbage, to an input that is alive anyway.
    garbage = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender = multiprocessing.Process(target=send_all, args=(contents, addresses, alive, sent, ended, skip, late),
                                     daemon=True)
    try:
        run(program, sender, receiver, alive, sent, ended, garbage, addresses, lossy)
    finally:
        ended.value = 1
        program.kill()
        program.wait()
        if check.failed:
            log.seek(0)
            print(log.read()[-6000:])
    return late.value


def run(program, sender, receiver, alive, sent, ended, garbage, addresses, lossy):
    even, odd = range(0, STREAMS, 2), range(1, STREAMS, 2)
    clean = [stream for stream in range(STREAMS) if 2 * stream != lossy]

    # 1. All sources live: each output carries its own primary, without a gap.
    status(program)  # When it answers, its sockets are open.
    sender.start()
    begin, cpu = time.monotonic(), cpu_seconds(program.pid)
    missing = receiver.until(lambda s: receiver.runs[s] and receiver.runs[s][-1].last >= 40, 10)
    check(not missing, "every output carries datagrams", missing)
    for stream in range(STREAMS):
        check(set(receiver.order(stream)) == {0}, f"stream {stream} is carried from its primary",
              receiver.order(stream))
    garbage.sendto(b"\x00" * 1316, addresses[3])
    garbage.sendto(b"\x47" + b"\x00" * 2000, addresses[3])
    garbage.sendto(b"\x47" * 3000, addresses[3])

    # 2. Half of the sources die: the primaries of even streams, the backups of odd ones.
    died = time.monotonic()
    for stream in range(STREAMS):
        alive[2 * stream + stream % 2] = 0
    missing = receiver.until(lambda s: s % 2 or (receiver.order(s)[-1] == 1 and receiver.runs[s][-1].count >= 20), 10)
    check(not missing, "every stream that lost its primary is carried from its backup", missing)
    failover = [receiver.runs[s][-1].first_at - receiver.runs[s][-2].last_at for s in even if s not in missing]
    receiver.for_seconds(max(0, died + 2.5 - time.monotonic()))
    for stream in even:
        check(receiver.order(stream) == [0, 1], f"stream {stream}: primary, then backup, nothing interleaved",
              receiver.runs[stream])
    for stream in odd:
        if stream in clean:
            check(len(receiver.runs[stream]) == 1, f"stream {stream} does not notice that its backup died",
                  receiver.runs[stream])
    states, totals = status(program)
    for stream in range(STREAMS):
        state = states[f"stream/{stream}"]
        dead = state["inputs"][stream % 2]
        check(state["active_input_priority"] == (0 if stream % 2 else 1) and dead["status"] == "degraded"
              and dead["errors"][-1]["reason"] == "timeout", f"stream {stream}: the status says why", state)
    check(totals["malformed"] == 3, "garbage is no MPEG-TS", totals)

    # 3. The dead return: even streams go back to their primaries, once.
    for source in range(2 * STREAMS):
        alive[source] = 1
    missing = receiver.until(lambda s: s % 2 or (receiver.order(s)[-1] == 0 and receiver.runs[s][-1].count >= 20), 12)
    check(not missing, "every stream fails back", missing)
    for stream in even:
        check(receiver.order(stream) == [0, 1, 0], f"stream {stream}: primary, backup, primary",
              receiver.runs[stream])
    for stream in odd:
        if stream in clean:
            check(len(receiver.runs[stream]) == 1, f"stream {stream} carries on", receiver.runs[stream])
    used, lasted = cpu_seconds(program.pid) - cpu, time.monotonic() - begin
    states, totals = status(program)
    loss = states["stream/1"]["inputs"][0]["packet_loss"]
    # Two of ten are missing; the rate is of the last seconds, so not exactly.
    check(10 < loss < 30, "lost datagrams are seen by their continuity counters", loss)
    check(all(states[f"stream/{s}"]["inputs"][0]["packet_loss"] == 0 for s in odd if s in clean),
          "and none where nothing was lost")
    fps = [states[f"stream/{s}"]["inputs"][0]["fps"] for s in odd if s in clean]
    check(all(5 < f < 40 for f in fps), "video frames are seen", fps)
    check(receiver.foreign == 0, "no output carries another stream's datagrams", receiver.foreign)

    # 4. Everything ends: every stream is exhausted; every datagram was counted.
    ended.value = 1
    sender.join()
    end = time.monotonic() + 10
    while not all(state["exhausted"] for state in states.values()) and time.monotonic() < end:
        receiver.for_seconds(0.2)
        states, totals = status(program)
    check(all(state["exhausted"] for state in states.values()), "without sources every stream is exhausted")
    counted = [state["inputs"][p]["packets"] for s in range(STREAMS) for state in [states[f"stream/{s}"]] for p in (0, 1)]
    check(counted == list(sent), "every datagram sent was counted at its input",
          [(c, s) for c, s in zip(counted, sent) if c != s])
    check(totals["received"] == sum(sent) + 3 and totals["unsent"] == 0, "and received once", (totals, sum(sent)))
    arrived = receiver.unstamped + sum(run.count for runs in receiver.runs for run in runs)
    check(arrived == totals["forwarded"], "every datagram forwarded arrived once", (arrived, totals))
    names = names_of_threads(program.pid)
    others = [name for task, name in names.items() if int(task) != program.pid]
    check(all(name.startswith("changeover") or name == "printer" for name in others),
          "one thread carries it; the rest is the engine's, and for what is printed", names)

    program.send_signal(signal.SIGTERM)
    check(program.wait(5) == 0, "SIGTERM ends it in order", program.returncode)

    print(f"udp-switch: {2 * STREAMS} inputs, {totals['received']} datagrams, "
          f"{100 * used / lasted:.1f} % of a CPU at {totals['received'] / lasted:.0f} datagrams/s; "
          f"failover gap {min(failover) * 1e3:.0f}/{statistics.median(failover) * 1e3:.0f}/{max(failover) * 1e3:.0f} ms "
          f"(min/median/max) at packet-timeout {PACKET_TIMEOUT * 1000:.0f} ms")


if __name__ == "__main__":
    started = time.monotonic()
    main()
    print(f"{time.monotonic() - started:.0f} s")
    sys.exit(check.report("udp-switch"))
