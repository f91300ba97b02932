"""One run: two sources, a host, some kills and returns; and what came out of it, picture by picture."""

import statistics
import subprocess
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from checker import faults
from hosts import Host
from live import received, wait_for
from pictures import Units, units_of
from receiver import Receiver, dropped
from replay import Replay
from ts import pid_of, ts_packets

MS = 1_000_000
PTS_WRAP = 1 << 33
PATIENCE = 15  # s, beyond what it takes
AROUND = 500 * MS  # of a switch: what belongs to it


@dataclass
class Seen:
    """A picture that came out."""
    at: int          # ns of CLOCK_REALTIME: its last byte
    on_time: int     # the same, if its source had sent it when it was due
    source: int
    number: int      # in its source
    key: bool
    pts: int
    own_pts: int     # as its source sent it
    moved: int       # output time minus the source's, 90 kHz


@dataclass
class Switch:
    """`kill` or `return`, and what it looked like; ms."""
    what: str
    disturbed: bool      # this machine left a source silent for too long: it says nothing
    gap: float
    picture_gap: float   # by arrival,
    on_time_gap: float   # and if the sources had sent each picture when it was due
    lost: int            # pictures of either source that are missing among those that were shown
    clean: bool          # begins with a key frame, and none is missing that a later one needs
    sound_hole: float    # between two frames of sound, beyond the pause
    out_of_sync: float   # sound against picture, afterwards


UNKNOWN = Switch("", False, float("inf"), float("inf"), float("inf"), 0, False, float("inf"), float("inf"))


@dataclass
class Outcome:
    switches: list = field(default_factory=list)
    delay: float = 0.0            # ms, median
    picture: float = 0.0          # how long one lasts, ms
    continuity: int = 0
    back_steps: int = 0
    other_faults: list = field(default_factory=list)
    messages: str = ""            # of a decoder
    unknown: int = 0              # pictures that are none of the sources'
    ended_well: bool = True
    dropped: int = 0              # datagrams that this machine lost in its sockets
    waited_for: str = ""          # in vain

    def judged(self, what=None):
        return [s for s in self.switches if not s.disturbed and what in (None, s.what)]

    def of(self, what, value):
        return [getattr(s, value) for s in self.judged(what)] or [float("inf")]


def without(packets, units):
    """The packets of these units are taken out, and the counters of their PIDs closed up."""
    gone = {pid: 0 for pid in (u.pid for u in units)}
    out = []
    for number, packet in enumerate(packets):
        pid = pid_of(packet)
        if pid in gone:
            if any(u.pid == pid and u.first <= number <= u.last for u in units):
                gone[pid] += packet[3] >> 4 & 1
                continue
            packet = packet[:3] + bytes([packet[3] & 0xF0 | (packet[3] - gone[pid]) & 15]) + packet[4:]
        out.append(packet)
    return out


class Watch:
    """When pictures of each source came out, while the host runs; ns of CLOCK_REALTIME."""

    def __init__(self, receiver, media):
        self.receiver, self.taken, self.units = receiver, 0, Units()
        self.source_of = {u.digest: source for source, m in enumerate(media) for u in m.pictures}
        self.shown = [[] for _ in media]

    def look(self):
        for at, data in self.receiver.datagrams[self.taken:]:
            self.taken += 1
            for packet in ts_packets(data):
                self.units.take(packet)
            for unit in self.units.units:
                if unit.digest in self.source_of:
                    self.shown[self.source_of[unit.digest]].append(at)
            self.units.units.clear()
        return self.shown


class Run:
    def __init__(self, host, media, timeout_ms, group, directory, ports, kills):
        self.media, self.timeout_ms, self.group, self.kills = media, timeout_ms, group, kills
        self.directory = Path(directory)
        self.receiver = Receiver()
        self.sources = [Replay(m, p, self.directory / f"source{i}") for i, (m, p) in enumerate(zip(media, ports))]
        self.watch = Watch(self.receiver, media)
        self.events = []  # (what, ns of CLOCK_REALTIME)
        self.dying = []   # (begin, end) of killing the first source; ns of CLOCK_REALTIME
        self.disturbed = []  # of each act: whether this machine disturbed it
        self.waited_for = ""
        self.host = Host(host, timeout_ms, max(1, group), [s.url for s in self.sources],
                         f"udp://127.0.0.1:{self.receiver.port}", directory)

    def shows(self, source, seconds):
        """Waits until this source's pictures have come out for so long."""
        before = len(self.watch.look()[source])

        def long_enough():
            shown = self.watch.look()[source][before:]
            return shown and shown[-1] - shown[0] >= seconds * 1000 * MS
        wait_for(long_enough, seconds + PATIENCE, f"{seconds} s of source {source} at the output", step=0.1)

    def play(self):
        """Kills the first source at as many phases of the second one's group of pictures."""
        first, second = self.sources
        wait_for(lambda: all(received(source.port) for source in self.sources), PATIENCE, "the host at its ports")
        first.start()
        second.start(time.time() + 0.05 + 0.37 * self.group)
        self.shows(0, 2 + self.group)
        good, cycle = 0, 0
        while good < self.kills:
            before = time.monotonic()
            self.kill_and_return((good + 0.5) / self.kills * self.group)
            cycle = max(cycle, time.monotonic() - before)
            good += not self.disturbed[-1]
            if good < self.kills and second.left() < cycle + PATIENCE / 3:
                raise TimeoutError(f"{self.kills} kills without a silence of this machine's making; there were {good}")

    def kill_and_return(self, phase):
        first, second = self.sources
        into = (time.time() - second.began - phase) % self.group
        time.sleep(self.group - into)
        begin = time.time_ns()
        self.events.append(("kill", begin))
        first.kill()
        self.dying.append((begin, time.time_ns()))
        self.shows(1, 0.6)
        self.events.append(("return", time.time_ns()))
        first.start()
        self.shows(0, self.group + 0.8)
        self.disturbed.append(self.stood_still(begin, time.time_ns()))

    def stood_still(self, begin, end):
        """Was a source that nobody had killed silent for so long that it may be taken for dead?"""
        silences = [source.longest_silence(begin, end, dying) for source, dying in zip(self.sources, (self.dying, []))]
        return max(silences) > self.timeout_ms / 2 + 1000 / self.sources[0].media.rate

    def act(self):
        """What the host does not do in time is no reason to look at nothing."""
        try:
            self.play()
        except TimeoutError as error:
            self.waited_for = str(error)
        self.end_at = time.time_ns()

    def close(self):
        ports = [source.port for source in self.sources] + [self.receiver.port]
        self.dropped = sum(dropped(port) for port in ports)
        ended_well = self.host.end()
        for source in self.sources:
            source.kill()
        self.datagrams = self.receiver.close()
        return ended_well

    # ---- what came out

    def read(self):
        packets, arrivals = [], []
        for at, data in self.datagrams:
            packets += ts_packets(data)
            arrivals += [at] * (len(data) // 188)
        known = {u.digest: (source, number, u) for source, m in enumerate(self.media) for number, u in enumerate(m.pictures)}
        sounds = {d: (source, u.pts + i * u.length) for source, m in enumerate(self.media) for u in m.units
                  for i, d in enumerate(u.frames)}
        sent = [self.sent_pictures(source) for source in self.sources]
        self.seen, self.heard, unknown, broken_off = [], [], 0, []
        for u in units_of(packets):
            if u.kind == "video":
                if u.digest not in known:
                    if self.was_broken_off(arrivals[u.first]):
                        broken_off.append(u)
                    else:
                        unknown += 1
                    continue
                source, number, original = known[u.digest]
                at = arrivals[u.last]
                left, late = self.left_before(sent[source][number], at)
                is_live = left is not None and at - left < 2000 * MS / self.media[source].rate
                self.seen.append(Seen(at, at - late if is_live else at, source, number, u.key, u.pts, original.pts,
                                      (u.pts - original.pts) % PTS_WRAP))
            for i, digest in enumerate(u.frames):
                if digest in sounds:
                    source, pts = sounds[digest]
                    here = u.pts + i * u.length
                    self.heard.append((here, source, (here - pts) % PTS_WRAP, u.length))
        self.seen.sort(key=lambda p: p.at)
        (self.directory / "whole.ts").write_bytes(b"".join(without(packets, broken_off)))
        return packets, unknown

    def was_broken_off(self, at):
        """Was it sent as its source was killed?"""
        return any(begin - 50 * MS <= at <= end + 50 * MS for begin, end in self.dying)

    @staticmethod
    def sent_pictures(source):
        """Of each picture: [(when it left, how late)], ns."""
        pictures = [[] for _ in source.media.pictures]
        for when, picture, late in source.sent():
            pictures[picture].append((when, max(0, late)))
        return pictures

    @staticmethod
    def left_before(times, at):
        return next(((when, late) for when, late in reversed(times) if when <= at), (None, 0))

    def delays(self):
        """Last byte in to last byte out, ms, of pictures that were on air undisturbed."""
        sent = [self.sent_pictures(source) for source in self.sources]
        delays = []
        settled = 10
        for before, picture in zip(self.seen, self.seen[1:]):
            settled = 0 if before.source != picture.source or picture.number != before.number + 1 else settled + 1
            left, _ = self.left_before(sent[picture.source][picture.number], picture.at)
            if settled >= 10 and left:
                delays.append((picture.at - left) / MS)
        return delays

    @staticmethod
    def longest(times):
        return max(((b - a) / MS for a, b in zip(times, times[1:])), default=float("inf"))

    def is_clean(self, pictures, source):
        """From a key frame on, and each the next of the one before, or a key frame itself."""
        mine = [p for p in pictures if p.source == source]
        numbers = sorted((p.number, p.key) for p in mine)
        return bool(mine) and mine[0].key and all(n == m + 1 or key for (m, _), (n, key) in zip(numbers, numbers[1:]))

    def lost(self, pictures, leaving):
        """How many are missing among those shown, by their sources' own times: the last ones of one, the first ones of the other.
        At the other ends, what belongs between them came before or after these."""
        missing = 0
        for source, media in enumerate(self.media):
            times = sorted(p.own_pts for p in pictures if p.source == source)
            half = AROUND * 90_000 // 2_000_000_000
            holes = [round((b - a) * media.rate / 90_000) - 1 for a, b in zip(times, times[1:])
                     if (b > times[-1] - half if source == leaving else a < times[0] + half)]
            missing += sum(holes)
        return missing

    def sound(self, before, after, pause):
        """(the longest hole beyond the pause, the distance from the picture afterwards), ms."""
        begin, end = before.pts, after[-1].pts
        frames = [h for h in self.heard if begin - 90_000 <= h[0] <= end]
        hole = max(((b[0] - a[0] - a[3]) / 90 for a, b in zip(frames, frames[1:])), default=float("inf"))
        moved = after[-1].moved
        late = [h for h in frames if h[1] == after[-1].source][-20:]
        apart = max((abs((h[2] - moved + PTS_WRAP // 2) % PTS_WRAP - PTS_WRAP // 2) / 90 for h in late), default=float("inf"))
        return max(0.0, hole - pause), apart

    def switches(self):
        ends = [at for _, at in self.events[1:]] + [self.end_at]
        for number, ((what, at), end) in enumerate(zip(self.events, ends)):
            disturbed = number // 2 >= len(self.disturbed) or self.disturbed[number // 2]
            pictures = [p for p in self.seen if at - AROUND <= p.at <= end]
            to = 1 if what == "kill" else 0
            after = [p for p in pictures if p.source == to and p.at > at]
            before = [p for p in pictures if p.source != to and (not after or p.at <= after[0].at)]
            if not after or not before:
                yield replace(UNKNOWN, what=what, disturbed=disturbed)
                continue
            pause = (after[0].at - before[-1].at) / MS if what == "kill" else 0.0
            begin, end = before[-1].at - AROUND, after[0].at + AROUND
            near = [p for p in pictures if begin <= p.at <= end]
            yield Switch(what, disturbed, self.longest([t for t, _ in self.datagrams if begin <= t <= end]), self.longest([p.at for p in near]),
                         self.longest(sorted(p.on_time for p in near)), self.lost(near, 1 - to), self.is_clean(after, to),
                         *self.sound(before[-1], after, pause))

    def messages(self):
        """What ffmpeg's decoders say of the output, but for the picture that a killed source broke off."""
        run = subprocess.run(["ffmpeg", "-nostdin", "-v", "warning", "-y", "-i", self.directory / "whole.ts", "-map", "0:v:0", "-f",
                              "rawvideo", "/dev/null", "-map", "0:a:0", "-f", "s16le", "/dev/null"], capture_output=True, text=True)
        return run.stderr.strip()

    def outcome(self, ended_well):
        packets, unknown = self.read()
        found = faults(packets)
        kinds = [f.kind for f in found]
        delays = self.delays()
        return Outcome(list(self.switches()), statistics.median(delays) if delays else float("inf"), 1000 / self.media[0].rate,
                       kinds.count("continuity"), kinds.count("back-step"),
                       [f for f in found if f.kind not in ("continuity", "back-step")], self.messages(), unknown, ended_well,
                       self.dropped, self.waited_for)


def run(host, media, timeout_ms, group, directory, ports, kills):
    one = Run(host, media, timeout_ms, group, directory, ports, kills)
    try:
        one.act()
    finally:
        ended_well = one.close()
    return one.outcome(ended_well)
