#!/usr/bin/env python3
"""How fast ffmpeg-ingest notices that an input is useless though it delivers, on real sources: a table against the bounds. It is left
with the next key frame of the other one, of which there are two a second. A busy machine is slower; the tests in tests_health.py
ask only that it is left. `health_report.py NAME...` measures only rows whose names contain one of these. Exit status 0: all
within their bounds.
"""

import sys
import tempfile
import time
from pathlib import Path

from faults import PICTURE_PID, SOUND_PID, flapping, thinned, two_sources, without
from live import Ingest, Recording, Source, free_udp_ports, wait_for

LOOK_MS = 100   # ten in each window
SOURCE_MS = 150  # ffmpeg obeys what it is told ten times a second
ROWS = []


class Result:
    """ms from the fault on, by the events' own times."""

    def __init__(self, ingest, fault_ns):
        def first_after(event, **fields):
            return wait_for(lambda: [e for e in ingest.all(event, **fields) if e["unix_ns"] > fault_ns], 30, event)[0]
        degraded, switched = first_after("degraded", priority=0), first_after("switched", priority=1)
        self.noticed = (degraded["unix_ns"] - fault_ns) / 1e6
        self.left = (switched["unix_ns"] - fault_ns) / 1e6
        self.why = f"{degraded['reason']}: {degraded.get('detail')}"
        self.shown = degraded["detection_ns"] / 1e6 if degraded.get("window_ns") else None  # since the first look that showed it
        if self.shown is not None:
            self.why += f", noticed {self.shown:.0f} ms after the first look that showed it"
        self.bound, self.within = None, None

    def must_be_noticed(self, bound, impair_after):
        """A rate also within 200 ms after `impair_after`, from the first look that showed it."""
        self.bound = bound
        self.within = self.noticed <= bound and (self.shown is None or self.shown <= impair_after + 200)
        return self


def left(fault, bound, *arguments, impair_after=1000, **options):
    """A row: `fault(primary, relay)` begins it and says when that was."""
    def measure(directory):
        with two_sources(directory, *arguments, **options) as (primary, relay, ingest):
            result = Result(ingest, fault(primary, relay)).must_be_noticed(bound, impair_after)
            ingest.end()
        return result
    return measure


def faulty(how):
    return lambda primary, relay: relay.go_bad(how)


for timeout in ("1s", "100ms"):
    ROWS.append((f"thinned to a tenth, timeout {timeout}, impair_after 1 s", left(faulty(thinned), 2200, "--packet-timeout", timeout)))
ROWS += [
    ("thinned to a tenth, defaults", left(faulty(thinned), 1000 + 2000 + 200, impair_after=2000)),
    ("frozen, key frames, after 2 s", left(lambda primary, _: primary.show("still"), 2000 + 2 * 500 + SOURCE_MS + 200,
                                           "--detect", "frozen", "--detect-after", "2s", settled=2)),
    ("frozen, every picture, after 2 s", left(lambda primary, _: primary.show("still"), 2000 + SOURCE_MS + 200, "--detect", "frozen",
                                              "--detect-after", "2s", "--detect-every", settled=2)),
    ("black, key frames, after 2 s", left(lambda primary, _: primary.show("black"), 2000 + 2 * 500 + SOURCE_MS + 200,
                                          "--detect", "black", "--detect-after", "2s", settled=2)),
    ("silent, after 2 s", left(lambda primary, _: primary.mute(), 2000 + SOURCE_MS + 200, "--detect", "silent", "--detect-after", "2s",
                               settled=2)),
    ("sound without a picture, video_timeout 1 s", left(faulty(without(PICTURE_PID)), 1000 + LOOK_MS + 200, "--video-timeout", "1s",
                                                       "--min-fps-of-baseline", "0", settled=1)),
    ("a picture without sound, audio_timeout 1 s", left(faulty(without(SOUND_PID)), 1000 + LOOK_MS + 200, "--audio-timeout", "1s",
                                                       settled=1)),
]


def decodable(path, seconds):
    """How many of the pictures that a viewer should have had in the last seconds could be decoded, percent."""
    recording = Recording(path)
    begin = max(recording.video) - seconds
    return min(100 * sum(at > begin for at in recording.whole_pictures()) / (50 * seconds), 100)


def flaps(*arguments):
    def measure(directory):
        with two_sources(directory, *arguments) as (_, relay, ingest):
            fault = relay.go_bad(flapping)
            result = Result(ingest, fault)
            wait_for(lambda: time.time_ns() > fault + 20_000_000_000, 25, "20 s of flapping")
            switches = len([e for e in ingest.all("switched") if e["unix_ns"] > fault])
            ingest.end()
            good = decodable(directory / "out.ts", 20)
        result.within = switches <= 3 and good >= 90
        result.why += f"; in 20 s {switches} switches (at most 3), {good:.1f} % of the pictures (at least 90)"
        return result
    return measure


# Not with the defaults: a silence of up to 2 s is allowed then, so a rate must be out of its limit for as long.
ROWS += [("flapping 300/700 ms, timeout 1 s", flaps("--packet-timeout", "1s")),
         ("flapping 300/700 ms, min_fps 20, impair_after 1 s", flaps("--min-fps", "20", "--impair-after", "1s"))]


class Grace:
    """ms from the later of start_grace and the backup's first packet on."""

    def __init__(self, since_ns, forwarded_ns):
        self.noticed, self.left, self.bound = None, (forwarded_ns - since_ns) / 1e6, 60
        self.within = self.left <= self.bound
        self.why = "on air after the later of start_grace and its first packet"


def never_starts(late):
    """The backup is there from the beginning, or comes a second after the grace."""
    def measure(directory):
        port, backup_port = free_udp_ports(2)
        backup = Source("BACKUP", "testsrc2", "null", 0xE07B00, 880, backup_port, directory / "backup.log", (320, 180))
        if not late:
            backup.start()
        ingest = Ingest(["-i", f"udp://127.0.0.1:{port}", "-i", backup.url, "-o", directory / "out.ts", "--start-grace", "1s",
                         "--connect-timeout", "1m"], directory)
        try:
            grace = ingest.wait(10, "start", priority=0)["unix_ns"] + 1_000_000_000
            if late:
                wait_for(lambda: time.time_ns() > grace + 1_000_000_000, 10, "the grace")
                backup.start()
            forwarded = ingest.wait(15, "forwarded", priority=1)["unix_ns"]
            first = ingest.wait(15, "source_opened", priority=1)["unix_ns"]
            ingest.end()
        finally:
            ingest.kill()
            backup.kill()
        return Grace(max(grace, first), forwarded)
    return measure


ROWS += [("a primary that never starts, backup before the grace", never_starts(False)),
         ("a primary that never starts, backup after it", never_starts(True))]


def milliseconds(number):
    return "" if number is None else f"{number:.0f} ms"


def main():
    over = 0
    print(f"{'':52} {'noticed':>9} {'left':>9} {'bound':>9}")
    for name, measure in ROWS:
        if sys.argv[1:] and not any(word in name for word in sys.argv[1:]):
            continue
        with tempfile.TemporaryDirectory() as directory:
            result = measure(Path(directory))
        over += not result.within
        print(f"{name:52} {milliseconds(result.noticed):>9} {milliseconds(result.left):>9} {milliseconds(result.bound):>9} "
              f"{'ok  ' if result.within else 'OVER'} {result.why}", flush=True)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
