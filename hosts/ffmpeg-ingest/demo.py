#!/usr/bin/env python3
"""The demo: two live sources, one killed, brought back and stalled; an ingest between them and a recording; and the proof.

Prints a timeline while it runs, then examines the recording and draws timeline.png. Exit status 0: the failover happened as
promised. `make demo` calls it by way of ci/demo, which builds what it needs.
"""

import argparse
import os
import shutil
import signal
import sys
import time
from pathlib import Path

from live import Ingest, Recording, Source, ffmpeg_has, find_font, free_udp_ports
from timeline_picture import draw_timeline, look_at_frames

TIMEOUT_MS = 1000
ALLOWED_MS = TIMEOUT_MS + 50
FAILBACK_STABLE_S = 3
SWITCH_COOLDOWN_S = 5
ABOUT_S = 37  # how long the live part takes


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


class Show:
    """Runs the acts, tells what happens as it happens, and remembers it for the proof."""

    def __init__(self, screen, sources, ingest):
        self.screen, self.sources, self.ingest = screen, sources, ingest
        self.began = time.time_ns()
        self.on_air = None
        self.doing = ""
        self.acts = []      # (seconds, text)
        self.forwarded = {}  # switch number -> event
        self.pictures = {}
        self.switches = []

    def name(self, priority):
        return self.sources[priority].name

    def seconds(self, unix_ns):
        return (unix_ns - self.began) / 1e9

    def tell(self, at, mark, text, style=""):
        self.screen.line(f"  {self.seconds(at):5.1f} s  {mark}  {self.screen.paint(text, style)}")

    def act(self, text):
        now = time.time_ns()
        self.acts.append((self.seconds(now), text))
        self.tell(now, "▸", text, "bold")

    def event(self, event):
        at = event["unix_ns"]
        kind, priority = event["event"], event.get("priority")
        measured, limit = event.get("measured_ns", 0) / 1e6, event.get("limit_ns", 0) / 1e6
        if kind == "degraded":
            self.tell(at, " ", f"noticed: {self.name(priority)} is dead, no packet for {measured:.0f} ms (limit {limit:.0f} ms)")
        elif kind == "recovered":
            self.tell(at, " ", f"{self.name(priority)} delivers again; it must stay healthy for {FAILBACK_STABLE_S} s")
        elif kind == "switched":
            self.switches.append(event)
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
        elif kind == "picture" and event["switch_number"] > 1:
            self.pictures[event["switch_number"]] = event
            waited = event.get("took_ns", 0) / 1e6
            how = f"{waited:.0f} ms later, with its next key frame" if waited >= 1 else "at once, from its last key frame on"
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

    def picture_after_switch(self, number, seconds, doing):
        self.until(lambda: number in self.pictures, seconds, doing)


def play(show, primary):
    """The acts. Each waits for what must come of it."""
    show.until(lambda: 1 in show.forwarded, 15, "waiting for PRIMARY")
    show.until(lambda: len(show.ingest.all("source_opened")) == 2, 15, "waiting for BACKUP")
    show.watch(6, "all is well")
    show.act("kill -9 PRIMARY")
    primary.kill()
    show.picture_after_switch(2, TIMEOUT_MS / 1000 + 5, "will it be noticed?")
    show.watch(5, "PRIMARY is gone")
    show.act("start PRIMARY again")
    primary.start()
    show.picture_after_switch(3, 25, "PRIMARY must prove itself")
    show.watch(5, "all is well")
    show.act("stall PRIMARY (SIGSTOP: alive, and silent)")
    primary.signal(signal.SIGSTOP)
    show.picture_after_switch(4, TIMEOUT_MS / 1000 + 5, "will it be noticed?")
    show.watch(5, "PRIMARY hangs")
    show.act("wake PRIMARY (SIGCONT)")
    primary.signal(signal.SIGCONT)
    show.picture_after_switch(5, 25, "PRIMARY must prove itself")
    show.watch(4, "all is well")


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
    spans = []
    begin = 0.0
    for number in sorted(show.pictures):
        picture = show.pictures[number]
        spans.append((begin, picture["media_before_s"], show.sources[show.switches[number - 1]["from"]]))
        begin = picture["media_after_s"]
    spans.append((begin, recording.video[-1] - recording.video[0], show.sources[show.switches[-1]["priority"]]))
    return spans


def prove_gap(proof, event, what, allowed, reckoning):
    gap, stalled = event["gap_ns"] / 1e6, event.get("stalled_ns", 0) / 1e6
    overloaded = f"; for {stalled:.0f} ms of it this machine was too busy to run the engine" if stalled >= 1 else ""
    proof.check(gap <= allowed, f"{what}: gap {gap:.0f} ms, allowed {allowed}{reckoning}{overloaded}")


def prove(proof, show, path, output, exit_status):
    reasons = [event["reason"] for event in show.switches]
    expected = ["initial", "timeout", "failback", "timeout", "failback"]
    proof.check(reasons == expected, "the switches that were promised, and no other: " + ", ".join(reasons), f"expected {expected}")
    reckoning = f" (timeout {TIMEOUT_MS} + 50)"
    prove_gap(proof, show.forwarded[2], "failover after the kill", ALLOWED_MS, reckoning)
    prove_gap(proof, show.forwarded[4], "failover after the stall", ALLOWED_MS, reckoning)
    prove_gap(proof, show.forwarded[3], "failback after the kill", 100, "")
    prove_gap(proof, show.forwarded[5], "failback after the stall", 100, "")
    proof.check(exit_status == 0, "ffmpeg-ingest ended cleanly on SIGINT", f"exit status {exit_status}")
    recording = Recording(path)
    length = recording.video[-1] - recording.video[0] if recording.video else 0
    errors = recording.probe_errors or recording.decoding_errors()
    proof.check(not errors and length > 20, f"the recording decodes without an error: {length:.1f} s, {len(recording.video)} pictures, "
                                            f"{len(recording.audio)} packets of sound", errors[:300])
    proof.check(not recording.steps_back, "its timestamps never go back", str(recording.steps_back[:3]))
    spans = on_air_spans(show, recording)
    frames = look_at_frames(recording, spans)
    wrong = [f"{frame.source.name} at {frame.at:.2f} s" for frame in frames if not frame.shows_its_source()]
    proof.check(not wrong, f"the picture is that of the source on air, in {len(frames)} frames around the switches", ", ".join(wrong))
    tones = [(source, recording.tone((begin + end) / 2 - 0.4)) for begin, end, source in spans]
    proof.check(all(abs(tone - source.tone) < 8 for source, tone in tones),
                "so is the sound: " + ", ".join(f"{tone:.0f} Hz" for _, tone in tones))
    picture = output / "timeline.png"
    draw_timeline(picture, frames, spans, captions(show), f"an input is dead after {TIMEOUT_MS} ms without a packet")
    proof.check(picture.exists(), f"a picture of it all: {os.path.relpath(picture)}")


def captions(show):
    """One line for each switch."""
    acts = ["PRIMARY killed", "PRIMARY is back", "PRIMARY stalled", "PRIMARY is awake"]
    lines = []
    for number, act in zip(sorted(show.pictures), acts):
        switch = show.switches[number - 1]
        word = "failback" if switch["reason"] == "failback" else "failover"
        lines.append((f"{act}: {word} to {show.name(switch['priority'])}", show.forwarded[number]["gap_ns"] / 1e6))
    return lines


def run(output, screen):
    font = find_font() if ffmpeg_has("filters", "drawtext") else None
    ports = free_udp_ports(2)
    primary = Source("PRIMARY", "testsrc2", "null", 0x1F5FBF, 440, ports[0], output / "primary.log", font=font)
    backup = Source("BACKUP", "smptehdbars", "hue=s=0", 0xE07B00, 880, ports[1], output / "backup.log", font=font)
    path = output / "recording.ts"
    for number, source in enumerate((primary, backup)):
        screen.line(f"  input {number}   {screen.paint(source.name.ljust(7), source.name)}  {source.url}, a tone of {source.tone} Hz")
    screen.line(f"  ingest    hot standby, dead after {TIMEOUT_MS} ms without a packet; writes {os.path.relpath(path)}")
    screen.line()
    ingest = None
    try:
        primary.start()
        backup.start()
        ingest = Ingest(["-i", primary.url, "-i", backup.url, "-o", path, "-y", "--packet-timeout", f"{TIMEOUT_MS}ms",
                         "--failback-stable", FAILBACK_STABLE_S, "--switch-cooldown", SWITCH_COOLDOWN_S, "--probe-cooldown", 3], output)
        show = Show(screen, [primary, backup], ingest)
        play(show, primary)
        exit_status = ingest.end()
    finally:
        for each in (ingest, primary, backup):
            if each:
                each.kill()
    screen.line()
    screen.line("  Is it true? The recording, examined with ffprobe and ffmpeg:")
    screen.line()
    proof = Proof(screen)
    prove(proof, show, path, output, exit_status)
    screen.line()
    return proof.failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("demo-output"), help="directory for the recording, the logs, the picture")
    output = parser.parse_args().output.resolve()
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
        screen.line(f"  The failover did not happen as promised. What was said and written: {os.path.relpath(output)}/")
        return 1
    screen.line(f"  All as promised. Look at {os.path.relpath(output)}/timeline.png, play {os.path.relpath(output)}/recording.ts")
    return 0


if __name__ == "__main__":
    sys.exit(main())
