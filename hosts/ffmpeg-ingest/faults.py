"""What goes wrong with an input that goes on delivering: for the tests, the demo and the report."""

import contextlib
import socket
import threading
import time

from live import Ingest, Source, free_udp_ports, wait_for
from ts import pid_of, ts_packets

PICTURE_PID, SOUND_PID = 0x100, 0x101  # as ffmpeg numbers them


class Relay:
    """Passes on what a source sends over UDP, as a bad network does, or a bad encoder: a fault says what is left of each datagram.
    Nothing is held back."""

    def __init__(self, port):
        self.inlet = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.inlet.bind(("127.0.0.1", 0))
        self.inlet.settimeout(0.2)
        self.inlet.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.inlet_port, self.port = self.inlet.getsockname()[1], port
        self.fault = None  # (what it leaves of a datagram, when it began)
        self.stopped = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        count, known = 0, None
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            while not self.stopped:
                try:
                    data = self.inlet.recv(65536)
                except TimeoutError:
                    continue
                fault = self.fault
                if fault is not known:
                    count, known = 0, fault
                count += 1
                if fault:
                    data = fault[0](data, time.monotonic() - fault[1], count)
                if data:
                    out.sendto(data, ("127.0.0.1", self.port))

    def go_bad(self, fault):
        """From now on, `fault(datagram, seconds since then, datagrams since then)` is what is left of it. The time on the wall
        clock, in ns."""
        self.fault = (fault, time.monotonic())
        return time.time_ns()

    def heal(self):
        self.fault = None
        return time.time_ns()

    def close(self):
        self.stopped = True
        self.thread.join()
        self.inlet.close()


def thinned(data, _, count):
    """To a tenth."""
    return data if count % 10 == 0 else b""


def flapping(data, seconds, _):
    """300 ms on, 700 ms off."""
    return data if seconds % 1 >= 0.7 else b""


def without(pid):
    """MPEG-TS without this PID."""
    return lambda data, *_: b"".join(packet for packet in ts_packets(data) if pid_of(packet) != pid)


@contextlib.contextmanager
def two_sources(directory, *arguments, program="ffmpeg-ingest", settled=6, size=(320, 180)):
    """A primary behind a relay, a backup, and an ingest that has known both for `settled` seconds: (primary, relay, ingest)."""
    port, backup_port = free_udp_ports(2)
    relay = Relay(port)
    log = directory / "sources.log"
    primary = Source("PRIMARY", "testsrc2", "null", 0x1F5FBF, 440, relay.inlet_port, log, size)
    backup = Source("BACKUP", "testsrc2", "hue=s=0", 0xE07B00, 880, backup_port, log, size)
    ingest = None
    try:
        primary.start()
        backup.start()
        ingest = Ingest(["-i", f"udp://127.0.0.1:{port}", "-i", backup.url, "-o", directory / "out.ts", "-y", "--failback-stable", "1s",
                         "--switch-cooldown", "1s", *arguments], directory, program)
        ingest.wait(15, "active", priority=0)
        ingest.wait(15, "source_opened", priority=1)
        wait_for(lambda: ingest.packets(0) > 97 * settled and ingest.on_air() == 0, 20, "the usual rate")
        yield primary, relay, ingest
    finally:
        for each in (ingest, primary, backup):
            if each:
                each.kill()
        relay.close()
