#!/usr/bin/env python3
"""What a switch looks like to a viewer, measured on real sockets: both hosts, sources of all kinds, killed at several phases of
the standby's group of pictures. Prints a table; exit status 1: something is not as it should be.

    switches.py [--host NAME]... [--quick] [--kills N] [--jobs N] [--only TEXT] [--ports FIRST]

`--quick`: three combinations, and only what no busy machine can change: what came out, not how soon.
"""

import argparse
import itertools
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "ffmpeg-ingest"))

from hosts import COMMANDS, STABLE_MS  # noqa: E402
from replay import Media, encode  # noqa: E402
from run import UNKNOWN, run  # noqa: E402

FACTORS = {"rate": (25, 50), "group": (1, 4), "video": ("h264", "h264b", "hevc"), "sound": ("aac", "mp2")}
QUICK = ({"rate": 25, "group": 1, "video": "h264b", "sound": "aac"}, {"rate": 50, "group": 1, "video": "hevc", "sound": "mp2"},
         {"rate": 25, "group": 4, "video": "h264", "sound": "mp2"})
TIMEOUTS_MS = (1000, 100)
PATTERNS = (("testsrc2", 440, "null"), ("testsrc2", 660, "hue=h=120"))
HEADER = ("| host | sources | timeout | kill: gap | kill: picture gap | return: lost, picture gap, if on time | CC errors | back-steps "
          "| key-clean | late | sound: hole, sync | added delay |")


def pairwise(factors):
    """Few combinations in which each two values of two factors meet."""
    names = list(factors)
    wanted = {((a, x), (b, y)) for a, b in itertools.combinations(names, 2) for x in factors[a] for y in factors[b]}
    everything = [dict(zip(names, values)) for values in itertools.product(*factors.values())]
    chosen = []
    while wanted:
        best = max(everything, key=lambda c: sum(pair in wanted for pair in itertools.combinations(c.items(), 2)))
        wanted -= set(itertools.combinations(best.items(), 2))
        chosen.append(best)
    return chosen


@dataclass
class Row:
    host: str
    sources: dict
    timeout_ms: int
    outcome: object

    def name(self):
        s = self.sources
        video = {"h264": "AVC", "h264b": "AVC with B", "hevc": "HEVC"}[s["video"]]
        return f"{s['rate']} fps, {s['group']} s, {video}, {s['sound']}"

    def median(self, what, value):
        return statistics.median(self.outcome.of(what, value))

    def text(self):
        o = self.outcome
        clean = [s.clean for s in o.judged()]
        hole, sync = (max(getattr(s, of) for s in o.judged() or [UNKNOWN]) for of in ("sound_hole", "out_of_sync"))
        return (f"| {self.host} | {self.name()} | {self.timeout_ms} | {self.median('kill', 'gap'):.0f} | "
                f"{self.median('kill', 'picture_gap'):.0f} | {sum(o.of('return', 'lost'))}, {self.median('return', 'picture_gap'):.0f}, "
                f"{self.median('return', 'on_time_gap'):.0f} | {o.continuity} | {o.back_steps} | {sum(clean)} of {len(clean)} | {len([f for f in o.other_faults if f.kind == 'late'])} | {hole:.0f}, {sync:.0f} | {o.delay:.1f} |")

    def wrong(self, quick):
        """What is not as it should be."""
        o = self.outcome
        late = [f for f in o.other_faults if f.kind == "late"]
        others = [f for f in o.other_faults if f.kind != "late"]
        checks = [
            (not o.waited_for, o.waited_for),
            (o.ended_well, "it did not end well"),
            (o.continuity == 0, f"{o.continuity} faults of continuity"),
            (o.back_steps == 0, f"{o.back_steps} steps back"),
            (not others, f"{len(others)} other faults: {others[:3]}"),
            (not o.messages, f"a decoder complains: {o.messages[:300]}"),
            (o.unknown == 0, f"{o.unknown} pictures that no source has sent"),
            (all(s.clean for s in o.judged()), "a switch that is not clean"),
            (not any(o.of("return", "lost")), "pictures that are missing after a return"),
            (all(s.out_of_sync <= 20 for s in o.judged()), "sound out of sync"),
            (all(s.sound_hole <= 25 for s in o.judged()), "a hole in the sound"),
        ]
        if self.host == "ffmpeg-ingest":  # it writes the clock
            checks.append((not late, f"{len(late)} units come after their time: {late[:3]}"))
        if not quick:
            delay = o.picture + 10 if self.host == "ffmpeg-ingest" else 1
            checks += [
                (self.median("kill", "gap") <= self.timeout_ms + 60, "the gap after a kill"),
                (self.median("kill", "picture_gap") <= self.timeout_ms + 100, "the picture's gap after a kill"),
                (self.median("return", "on_time_gap") <= 80, "the picture's gap at the return"),
                (o.delay <= delay, f"the added delay, allowed {delay:.0f}"),
            ]
        return [text for holds, text in checks if not holds]


class Measurement:
    def __init__(self, options, directory):
        self.options, self.directory, self.media = options, Path(directory), {}

    def sources(self, combination):
        key = tuple(combination.values())
        if key not in self.media:
            rate, group, video, sound = key
            cycle = max(TIMEOUTS_MS) / 1000 + 0.7 + 0.1 + STABLE_MS / 1000 + 3 * group + 0.9  # see Run.play
            seconds = int(15 + 2 * group + (1.5 * self.options.kills + 1) * cycle)  # some are repeated
            both = []
            for number, (pattern, tone, tweak) in enumerate(PATTERNS):
                path = self.directory / f"{rate}-{group}-{video}-{sound}-{number}.ts"
                encode(path, pattern, tone, rate, group, video, sound, seconds, tweak)
                both.append(Media(path, rate))
            self.media[key] = both
        return self.media[key]

    def measure(self, number, host, combination, timeout_ms):
        directory = self.directory / f"run{number}"
        directory.mkdir()
        first = self.options.ports + 2 * number
        outcome = run(host, self.media[tuple(combination.values())], timeout_ms, combination["group"], directory, (first, first + 1),
                      self.options.kills)
        disturbed = sum(s.disturbed for s in outcome.switches) // 2
        if disturbed:
            print(f"  {disturbed} kills are not counted: this machine left a source silent for {timeout_ms / 2:.0f} ms", flush=True)
        if outcome.dropped:
            print(f"  {outcome.dropped} datagrams were lost in sockets, which nobody read in time", flush=True)
        row = Row(host, combination, timeout_ms, outcome)
        print(row.text(), flush=True)
        wrong = row.wrong(self.options.quick)
        if wrong:
            print(f"  NOT SO: {'; '.join(wrong)}\n" + (directory / "host.log").read_text()[-3000:], flush=True)
        return not wrong

    def all(self):
        combinations = QUICK if self.options.quick else pairwise(FACTORS)
        timeouts = (TIMEOUTS_MS[0],) if self.options.quick else TIMEOUTS_MS
        jobs = [(host, c, t) for c in combinations for host in self.options.host for t in timeouts
                if set(self.options.only.split()) <= {host, *map(str, c.values()), str(t)}]
        for combination in combinations:
            if any(c is combination for _, c, _ in jobs):
                self.sources(combination)
        print(f"{HEADER}\n|{'---|' * (HEADER.count('|') - 1)}", flush=True)
        with ThreadPoolExecutor(self.options.jobs) as pool:
            return list(pool.map(lambda job: self.measure(job[0], *job[1]), enumerate(jobs)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", action="append", choices=COMMANDS, help="of these only")
    parser.add_argument("--quick", action="store_true", help="three combinations, and nothing that takes a quiet machine")
    parser.add_argument("--kills", type=int, default=5, help="in each run; medians are of these")
    parser.add_argument("--jobs", type=int, default=3, help="runs at a time")
    parser.add_argument("--only", default="", help="runs of which each of these words is one: host, rate, group, video, sound, timeout")
    parser.add_argument("--ports", type=int, default=23500, help="the first of the UDP ports to receive on")
    options = parser.parse_args()
    options.host = options.host or list(COMMANDS)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        results = Measurement(options, directory).all()
    print(f"\nms, medians of {options.kills}; {time.monotonic() - began:.0f} s\n{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
