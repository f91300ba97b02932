#!/usr/bin/env python3
"""The demo: two live sources, one killed, stalled, thinned out, frozen and flapping, and each time brought back; an ingest between
them and a recording; and the proof.

Prints a timeline while it runs, then examines the recording and draws timeline.png; what was decided is decided again from the
trace that ffmpeg-ingest has written, and drawn as timeline.svg. Exit status 0: the failover happened as
promised. `make demo` calls it by way of ci/demo, which builds what it needs.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

import demo_row
from faults import Relay, flapping, thinned
from live import Ingest, Recording, Source, ffmpeg_has, find_font, free_udp_ports
from timeline_picture import draw_timeline, look_at_frames

CHANGEOVER = Path(os.environ.get("CARGO_TARGET_DIR", Path(__file__).parents[2] / "target")) / "release/changeover"
TIMEOUT_MS = 1000
ALLOWED_MS = TIMEOUT_MS + 50  # --packet-timeout: another
IMPAIRED_MS = 1000 + 1000 + 200  # the window over which the frame rate is measured, impair_after, looks and switching
DETECT_AFTER_S = 2
FROZEN_MS = DETECT_AFTER_S * 1000 + 2 * 500 + 350  # two key frames, and the time in which ffmpeg obeys
FAILBACK_STABLE_S = 2
SWITCH_COOLDOWN_S = 4
ABOUT_S = 70  # how long the live part takes


class Screen:
    """Lines that stay, and on a terminal one line below them that shows progress."""

    def __init__(self):
        self.tty = sys.stdout.isatty()
        self.colors = {"": "0", "dim": "2", "bold": "1", "good": "32", "bad": "31", "PRIMARY": "1;34", "BACKUP": "1;33"}
        self.shown_at = 0
        self.below = False

    def paint(self, text, style):
        return f"\033[{self.colors[style]}m{text}\033[0m" if self.tty and style else text

    def line(self, text=""):
        if self.below:
            print("\r\033[K", end="")
            self.below = False
        print(text, flush=True)

    def progress(self, seconds, on_air, doing):
        now = time.monotonic()
        done = min(seconds / ABOUT_S, 1)
        if self.tty:
            if now - self.shown_at > 0.2:
                bar = "█" * int(done * 24) + "░" * (24 - int(done * 24))
                print(f"\r\033[K {bar} {seconds:3.0f} s  on air: {self.paint(on_air or '–', on_air or '')}  {doing}", end="", flush=True)
                self.below, self.shown_at = True, now
        elif now - self.shown_at > 5:
            self.line(f"          … {seconds:.0f} of about {ABOUT_S} s, on air: {on_air or 'nothing yet'}, {doing}")
            self.shown_at = now


class Act:
    """Something happens to PRIMARY, BACKUP takes its place; it is repaired, and takes its place again."""

    def __init__(self, name, reasons, notice_ms, damages=False):
        self.name, self.reasons, self.notice_ms = name, reasons, notice_ms
        self.damages = damages  # what is on air until it is left
        self.fault = None       # when, ns on the wall clock
        self.noticed = None     # events
        self.left, self.returned = None, None  # switch numbers


class Show:
    """Runs the acts, tells what happens as it happens, and remembers it for the proof."""

    def __init__(self, screen, sources, ingest):
        self.screen, self.sources, self.ingest = screen, sources, ingest
        self.began = time.time_ns()
        self.on_air = None
        self.doing = ""
        self.acts = []
        self.switches, self.forwarded, self.pictures = {}, {}, {}  # switch number -> event

    def name(self, priority):
        return self.sources[priority].name

    def seconds(self, unix_ns):
        return (unix_ns - self.began) / 1e9

    def tell(self, at, mark, text, style=""):
        self.screen.line(f"  {self.seconds(at):5.1f} s  {mark}  {self.screen.paint(text, style)}")

    def event(self, event):
        at = event["unix_ns"]
        kind, priority = event["event"], event.get("priority")
        if kind == "degraded":
            after = ""
            if self.acts and priority == 0 and not self.acts[-1].noticed:
                self.acts[-1].noticed = event
                after = f" after {(at - self.acts[-1].fault) / 1e6:.0f} ms"
            self.tell(at, " ", f"noticed{after}: {self.name(priority)}, {event['reason']}: {event.get('detail', '')}")
        elif kind == "recovered":
            dead = self.acts and self.acts[-1].noticed and self.acts[-1].noticed["reason"] == "timeout"
            self.tell(at, " ", f"{self.name(priority)} " + (f"delivers again; it must stay healthy for {FAILBACK_STABLE_S} s" if dead else
                                                          f"has been well for {FAILBACK_STABLE_S} s"))
        elif kind == "switched":
            self.switches[event["switch_number"]] = event
            self.on_air = self.name(priority)
            if event["from"] >= 0:
                word = "failback" if event["reason"] == "failback" else "failover"
                self.tell(at, "⇄", f"{word}: {self.name(event['from'])} → {self.on_air} ({event['reason']})", self.on_air)
        elif kind == "forwarded":
            self.forwarded[event["switch_number"]] = event
            if event["from"] < 0:
                self.tell(at, "●", f"{self.name(priority)} is on air", self.name(priority))
            else:
                self.tell(at, " ", f"first packet of {self.name(priority)} out: gap {event['gap_ns'] / 1e6:.0f} ms "
                                   f"since the last one of {self.name(event['from'])}", "good")
        elif kind == "picture":
            self.pictures[event["switch_number"]] = event
            waited = event.get("took_ns", 0) / 1e6
            how = f"{waited:.0f} ms later, with its next key frame" if waited >= 1 else "at once, from a key frame on"
            if len(self.pictures) > 1:
                self.tell(at, " ", f"a clean picture of {self.name(priority)} {how}", "dim")
        elif kind == "engine" or kind.startswith("output_") and kind != "output_opened":
            self.tell(at, "!", f"{kind}: {event.get('text')}", "bad")

    def pump(self):
        for event in self.ingest.poll():
            self.event(event)
        if self.ingest.process.poll() is not None:
            raise RuntimeError(f"ffmpeg-ingest ended with {self.ingest.process.returncode}; see {self.ingest.log_path}")
        self.screen.progress(self.seconds(time.time_ns()), self.on_air, self.doing)

    def until(self, condition, seconds, doing):
        self.doing = doing
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise RuntimeError(f"this did not happen within {seconds} s: {doing}")
            self.pump()
            time.sleep(0.02)

    def watch(self, seconds, doing):
        end = time.monotonic() + seconds
        self.until(lambda: time.monotonic() > end, seconds + 1, doing)

    def picture_of_next_switch(self, seconds, doing):
        """Waits for it; the number of the switch."""
        known = len(self.pictures)
        self.until(lambda: len(self.pictures) > known, seconds, doing)
        return max(self.pictures)

    def play(self, act, fault, fault_text, repair, repair_text):
        self.acts.append(act)
        act.fault = time.time_ns()
        self.tell(act.fault, "▸", fault_text, "bold")
        fault()
        act.left = self.picture_of_next_switch(act.notice_ms / 1000 + 8, "will it be noticed?")
        self.watch(4, f"PRIMARY: {act.name}")
        self.tell(time.time_ns(), "▸", repair_text, "bold")
        repair()
        act.returned = self.picture_of_next_switch(25, "PRIMARY must prove itself")
        self.watch(4, "all is well")


def play(show, primary, relay):
    """The acts. Each waits for what must come of it."""
    show.until(lambda: show.pictures, 15, "waiting for PRIMARY")
    show.until(lambda: len(show.ingest.all("source_opened")) == 2, 15, "waiting for BACKUP")
    show.watch(7, "all is well")
    show.play(Act("killed", ["timeout"], ALLOWED_MS), primary.kill, "kill -9 PRIMARY", primary.start, "start PRIMARY again")
    show.play(Act("stalled", ["timeout"], ALLOWED_MS), lambda: primary.signal(signal.SIGSTOP), "stall PRIMARY (SIGSTOP: alive, and silent)",
              lambda: primary.signal(signal.SIGCONT), "wake PRIMARY (SIGCONT)")
    show.play(Act("thinned to a tenth", ["low_fps", "timeout"], IMPAIRED_MS, damages=True), lambda: relay.go_bad(thinned),
              "thin PRIMARY out: one datagram in ten gets through", relay.heal, "let all of PRIMARY through again")
    show.play(Act("frozen", ["frozen"], FROZEN_MS), lambda: primary.show("still"), "freeze PRIMARY: a still picture, at the full bitrate",
              lambda: primary.show("moving"), "let PRIMARY move again")
    show.play(Act("flapping", ["low_fps", "timeout"], IMPAIRED_MS, damages=True), lambda: relay.go_bad(flapping),
              "let PRIMARY flap: 300 ms on, 700 ms off", relay.heal, "let PRIMARY be steady again")


class Proof:
    """Counts what holds and what does not."""

    def __init__(self, screen):
        self.screen, self.failed = screen, 0

    def check(self, holds, text, otherwise=""):
        self.failed += not holds
        self.screen.line(f"  {self.screen.paint('✔', 'good') if holds else self.screen.paint('✘ NOT SO:', 'bad')} {text}"
                         + ("" if holds else f" {otherwise}"))


def on_air_spans(show, recording):
    """What is on air from when to when in the recording, in seconds since its first picture: (begin, end, source)."""
    spans, begin, source = [], 0.0, show.sources[0]
    for number in sorted(show.pictures)[1:]:
        picture = show.pictures[number]
        spans.append((begin, picture["media_before_s"], source))
        begin, source = picture["media_after_s"], show.sources[picture["priority"]]
    return spans + [(begin, recording.video[-1] - recording.video[0], source)]


def undamaged(show, spans):
    """The spans, without what PRIMARY damaged until it was left."""
    pieces = []
    for place, (begin, end, _) in enumerate(spans):
        act = show.acts[place // 2] if place % 2 == 0 and place // 2 < len(show.acts) else None
        if act and act.damages:
            end -= (show.switches[act.left]["unix_ns"] - act.fault) / 1e9 + 0.3
        pieces.append((begin, end))
    return pieces


def prove_gap(proof, event, what, allowed, reckoning):
    gap, stalled = event["gap_ns"] / 1e6, event.get("stalled_ns", 0) / 1e6
    overloaded = f"; for {stalled:.0f} ms of it this machine was too busy to run the engine" if stalled >= 1 else ""
    proof.check(gap <= allowed, f"{what}: gap {gap:.0f} ms, allowed {allowed}{reckoning}{overloaded}")


def prove_act(proof, show, act):
    """When it was noticed, why, and how long nothing came in between."""
    noticed = (act.noticed["unix_ns"] - act.fault) / 1e6
    proof.check(act.noticed["reason"] in act.reasons and noticed <= act.notice_ms,
                f"PRIMARY {act.name}: noticed after {noticed:.0f} ms, allowed {act.notice_ms} ({act.noticed['reason']}: {act.noticed['detail']})")
    if act.damages or act.noticed["reason"] == "timeout":  # what comes of a thin input leaves gaps of its own
        prove_gap(proof, show.forwarded[act.left], "  to BACKUP", ALLOWED_MS, f" (timeout {TIMEOUT_MS} + 50)")
    else:
        prove_gap(proof, show.forwarded[act.left], "  to BACKUP", 200, "")
    prove_gap(proof, show.forwarded[act.returned], "  and back", 200, "")


def prove(proof, show, path, output, exit_status):
    reasons = [show.switches[number]["reason"] for number in sorted(show.switches)]
    good = len(reasons) == 1 + 2 * len(show.acts) and all(r == "failback" for r in reasons[2::2])
    proof.check(good, "the switches that were promised, and no other: " + ", ".join(reasons))
    for act in show.acts:
        prove_act(proof, show, act)
    proof.check(exit_status == 0, "ffmpeg-ingest ended cleanly on SIGINT", f"exit status {exit_status}")
    recording = Recording(path)
    length = recording.video[-1] - recording.video[0] if recording.video else 0
    spans = on_air_spans(show, recording)
    whole = undamaged(show, spans)
    errors = recording.probe_errors or recording.decoding_errors(whole)
    seconds = sum(end - begin for begin, end in whole)
    proof.check(not errors and length > 20, f"the recording of {length:.1f} s decodes without an error, but for the {length - seconds:.1f} s in "
                                            "which PRIMARY was thin or flapped until it was left", errors[:300])
    pictures = 100 * len(recording.whole_pictures()) / (50 * length)
    proof.check(pictures > 85, f"{pictures:.1f} % of all pictures there should be can be decoded")
    proof.check(not recording.steps_back, "its timestamps never go back", str(recording.steps_back[:3]))
    prove_row(proof, demo_row.measure(show, path))
    frames = look_at_frames(recording, spans, show.acts)
    wrong = [f"{frame.source.name} at {frame.at:.2f} s" for frame in frames if not frame.damaged and not frame.shows_its_source()]
    proof.check(not wrong, f"the picture is that of the source on air, in {sum(not f.damaged for f in frames)} frames around the switches",
                ", ".join(wrong))
    tones = [(source, recording.tone(begin + min((end - begin) / 2, 2.5) - 0.4)) for begin, end, source in spans]
    proof.check(all(abs(tone - source.tone) < 8 for source, tone in tones),
                "so is the sound: " + ", ".join(f"{tone:.0f} Hz" for _, tone in tones))
    picture = output / "timeline.png"
    draw_timeline(picture, frames, spans, [caption(show, act) for act in show.acts],
                  f"dead after {TIMEOUT_MS} ms without a packet, impaired below 40 % of its frame rate, frozen after {DETECT_AFTER_S} s")
    proof.check(picture.exists(), f"a picture of it all: {os.path.relpath(picture)}")


def changeover(*arguments):
    return subprocess.run([str(CHANGEOVER), *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def prove_trace(proof, show, trace, picture):
    """What was decided is decided again, from what the engine was told."""
    replayed = changeover("replay", "--check", trace)
    proof.check(replayed.returncode == 0 and "identical" in replayed.stdout, "from its trace the same is decided again", replayed.stdout)
    drawn = changeover("plot", trace, "-o", picture)
    marks = picture.read_text().count('class="mark"') if picture.exists() else 0
    proof.check(drawn.returncode == 0 and marks == len(show.switches),
                f"and drawn with its {len(show.switches)} switches: {os.path.relpath(picture)}", f"{marks}; {drawn.stdout}")
    noticed = datetime.fromtimestamp(show.acts[0].noticed["unix_ns"] / 1e9 + 1, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    explained = changeover("explain", trace, "live", noticed)
    proof.check(explained.returncode == 0 and "viewers: dark since " in explained.stdout,
                f"and explained: {os.path.relpath(CHANGEOVER)} explain {os.path.relpath(trace)} live {noticed}", explained.stdout)


def prove_row(proof, row):
    """What a viewer sees of the switches."""
    proof.screen.line(f"    {demo_row.HEADER}")
    proof.screen.line(f"    {row.text()}")
    proof.check(row.waited < 1, "after the kill the picture is back with the first packet", f"{row.waited:.0f} ms later")
    proof.check(row.return_picture_gap <= 80, f"at the return no picture is lost: {row.return_picture_gap:.0f} ms from the last to the next")
    proof.check(row.clean == row.switches, "each switch begins with a key frame", row.text())
    others = [kind for kind in row.kinds if kind != "late"]  # what PRIMARY damaged may come late
    proof.check(not others, "continuity counters and clocks are without a fault", str(others[:5]))


def caption(show, act):
    """(what happened and why it was noticed, ms without a packet on the way to BACKUP, and on the way back)"""
    noticed = (act.noticed["unix_ns"] - act.fault) / 1e6
    return (f"PRIMARY {act.name}: noticed after {noticed:.0f} ms, {act.noticed['reason']}: {act.noticed['detail']}",
            show.forwarded[act.left]["gap_ns"] / 1e6, show.forwarded[act.returned]["gap_ns"] / 1e6)


def run(output, screen):
    font = find_font() if ffmpeg_has("filters", "drawtext") else None
    ports = free_udp_ports(2)
    relay = Relay(ports[0])
    primary = Source("PRIMARY", "testsrc2", "null", 0x1F5FBF, 440, relay.inlet_port, output / "primary.log", font=font)
    backup = Source("BACKUP", "testsrc2", "hue=s=0", 0xE07B00, 880, ports[1], output / "backup.log", font=font)
    path = output / "recording.ts"
    urls = [f"udp://127.0.0.1:{ports[0]}", backup.url]
    for number, source in enumerate((primary, backup)):
        screen.line(f"  input {number}   {screen.paint(source.name.ljust(7), source.name)}  {urls[number]}, a tone of {source.tone} Hz")
    screen.line(f"  ingest    hot standby, dead after {TIMEOUT_MS} ms without a packet; looks for frozen pictures; writes {os.path.relpath(path)}")
    screen.line()
    ingest = None
    try:
        primary.start()
        backup.start()
        # Faults are not counted: the acts follow each other faster than they would be forgotten.
        ingest = Ingest(["-i", urls[0], "-i", urls[1], "-o", path, "-y", "--packet-timeout", f"{TIMEOUT_MS}ms", "--detect", "frozen,black",
                         "--detect-after", DETECT_AFTER_S, "--failback-stable", FAILBACK_STABLE_S, "--switch-cooldown", SWITCH_COOLDOWN_S,
                         "--damping-period", 0, "--probe-cooldown", 3, "--trace", output / "demo.trace"], output)
        show = Show(screen, [primary, backup], ingest)
        play(show, primary, relay)
        exit_status = ingest.end()
    finally:
        for each in (ingest, primary, backup):
            if each:
                each.kill()
        relay.close()
    screen.line()
    spent = sum(cost["took_ns"] for cost in ingest.all("detector"))
    screen.line(f"  Looking at the pictures of both took {100 * spent / (time.time_ns() - show.began):.2f} % of a core.")
    screen.line()
    screen.line("  Is it true? The recording, examined with ffprobe and ffmpeg:")
    screen.line()
    proof = Proof(screen)
    prove(proof, show, path, output, exit_status)
    prove_trace(proof, show, output / "demo.trace", output / "timeline.svg")
    screen.line()
    return proof.failed


def milliseconds(text):
    """Of "100ms" or "1s"."""
    number, unit = (text[:-2], 1) if text.endswith("ms") else (text.removesuffix("s"), 1000)
    return round(float(number) * unit)


def tell_load(screen):
    """A busy machine leaves sources silent that nobody has killed."""
    load, processors = os.getloadavg()[0], len(os.sched_getaffinity(0))
    if load > processors:
        screen.line(f"  This machine is busy (a load of {load:.0f} for {processors} processors): sources and ingest may have waited for it.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("demo-output"), help="directory for the recording, the logs, the picture")
    parser.add_argument("--packet-timeout", type=milliseconds, default=TIMEOUT_MS, metavar="TIME", help="an input is dead after so long: 100ms, 1s")
    options = parser.parse_args()
    globals().update(TIMEOUT_MS=options.packet_timeout, ALLOWED_MS=options.packet_timeout + 50)
    output = options.output.resolve()
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    screen = Screen()
    try:
        failed = run(output, screen)
    except (RuntimeError, TimeoutError, ChildProcessError) as error:
        screen.line(f"\n  {screen.paint('✘', 'bad')} {error}")
        failed = 1
    except KeyboardInterrupt:
        screen.line("\n  interrupted")
        failed = 1
    if failed:
        tell_load(screen)
        screen.line(f"  The failover did not happen as promised. What was said and written: {os.path.relpath(output)}/")
        return 1
    screen.line(f"  All as promised. Look at {os.path.relpath(output)}/timeline.png, play {os.path.relpath(output)}/recording.ts")
    replay = f"{os.path.relpath(CHANGEOVER)} replay {os.path.relpath(output)}/demo.trace"
    screen.line(f"  What failed, when, why, and for how long it was dark: {replay}")
    screen.line(f"  And with half the timeout: {replay} --set packet_timeout={TIMEOUT_MS // 2}ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
