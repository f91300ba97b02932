#!/usr/bin/env python3
"""Tests of ffmpeg-ingest: real inputs, real outputs, most of them under AddressSanitizer and UndefinedBehaviorSanitizer.

Each test is a function; what it waits for, it polls with a deadline. Ends with "N passed, N failed".
`test.py NAME…` runs only tests whose names contain one of these.
"""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from live import (HERE, Ingest, Live, Recording, Sender, Source, add_stream, elementary_streams, free_udp_ports, pes, pid_of, program_clock,
                  seal, section_checksum, sections, step_clock, ts_packets, wait_for)

SANITIZED = "ffmpeg-ingest-sanitized"
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def remux(source, *arguments):
    """This clip as an MPEG-TS."""
    return subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *arguments[:2], "-i", str(source), *arguments[2:], "-c", "copy", "-f",
                           "mpegts", "-"], check=True, capture_output=True).stdout


def make_media(directory):
    """Short files: MP4 with B-frames, FLV of another size, MPEG-2 in TS; and two that are nothing."""
    def ffmpeg(pattern, tone, seconds, *arguments):
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", pattern, "-f", "lavfi", "-i",
                        f"sine=frequency={tone}:sample_rate=48000", "-t", str(seconds), "-pix_fmt", "yuv420p", *arguments], check=True)
    ffmpeg("testsrc2=size=320x180:rate=25", 440, 3, "-c:v", "libx264", "-preset", "veryfast", "-g", "25", "-bf", "2", "-c:a", "aac",
           str(directory / "three.mp4"))
    ffmpeg("smptehdbars=size=160x90:rate=25", 880, 20, "-c:v", "libx264", "-preset", "veryfast", "-g", "12", "-c:a", "aac",
           str(directory / "twenty.flv"))
    ffmpeg("smptebars=size=320x180:rate=25", 660, 20, "-c:v", "mpeg2video", "-g", "12", "-c:a", "mp2", str(directory / "twenty.ts"))
    ffmpeg("testsrc=size=160x90:rate=25", 440, 30, "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "25",
           "-c:a", "aac", "-b:a", "64k", str(directory / "thirty.flv"))
    (directory / "garbage.ts").write_bytes(b"this is no video\n" * 1000)
    (directory / "empty.ts").write_bytes(b"")


class Bench:
    """One test's directory and what it started."""

    def __init__(self, media, directory):
        self.media, self.directory, self.ingests, self.senders, self.count = media, directory, [], [], 0

    def file(self, name):
        return str(self.media / name)

    def ingest(self, *arguments, program=SANITIZED, **descriptors):
        self.count += 1
        ingest = Ingest(arguments, self.directory, program, f"ingest{self.count}", **descriptors)
        self.ingests.append(ingest)
        return ingest

    def sender(self, data):
        self.senders.append(Sender(data).start())
        return self.senders[-1]

    def close(self):
        for ingest in self.ingests:
            ingest.kill()
        for sender in self.senders:
            sender.close()


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def expect_clean_end(ingest, seconds=10):
    status = ingest.end(seconds)
    expect(status == 0, f"exit status {status} instead of 0:\n{ingest.log()}")
    expect("Sanitizer" not in ingest.log(), ingest.log())


def expect_good_recording(path, least=1.0):
    recording = Recording(path)
    expect(recording.video, "no pictures were recorded")
    expect(not recording.steps_back, f"timestamps go back: {recording.steps_back[:3]}")
    errors = recording.probe_errors or recording.decoding_errors()
    expect(not errors, f"does not decode: {errors[:500]}")
    length = max(recording.video) - min(recording.video)
    expect(length >= least, f"only {length:.2f} s were recorded")
    return recording


def packets(ingest, priority):
    """Packets of this input so far, by a status made now."""
    known = len(ingest.statuses())
    ingest.type("status")
    return wait_for(lambda: ingest.statuses()[known:], 5, "the status")[-1]["inputs"][priority]["packets"]


@test
def parts_by_themselves(bench):
    """The unit tests in C."""
    programs = sorted(source.with_suffix("") for source in HERE.glob("*_test.c"))
    expect(len(programs) > 1, "no unit tests")
    for program in programs:
        expect(subprocess.run([program], timeout=60).returncode == 0, f"{program.name} failed")


@test
def wrong_command_lines_are_explained(bench):
    cases = [
        ([], "no input"),
        (["-i", "a"], "no output"),
        (["-o", "a"], "no input"),
        (["-i"], "needs a value"),
        (["--nonsense"], "no option --nonsense"),
        (["-i", "a", "-o", "b", "c"], '"c"'),
        (["-i", "a", "-o", "b", "-o", "c"], "only one -o"),
        (["-i", "a", "-o", "b", "--packet-timeout", "fast"], "no duration"),
        (["-i", "a", "-o", "b", "--packet-timeout", "0"], "more than zero"),
        (["-i", "a", "-o", "b", "--packet-timeout", "-1s"], "no duration"),
        (["-i", "a", "-o", "b", "--failback", "maybe"], "neither auto nor manual"),
        (["-i", "a", "-O", "x=y", "-o", "b"], "before the -i"),
        (["-i", "a", "--program", "1", "-o", "b"], "before the -i"),
        (["--program", "first", "-i", "a", "-o", "b"], "no service id"),
        (["-O", "novalue", "-i", "a", "-o", "b"], "KEY=VALUE"),
        (["-i", "a", "-o", "b", "--stream", ""], "--stream"),
        (["-i", "a", "-o", bench.file("twenty.ts")], "exists"),
        (["-y", "-i", bench.file("twenty.ts"), "-o", "file:" + bench.file("twenty.ts")], "input and output"),
    ]
    for arguments, message in cases:
        run = subprocess.run([HERE / SANITIZED, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        expect(run.returncode == 2, f"{arguments}: exit status {run.returncode}\n{run.stderr}")
        expect(message in run.stderr, f"{arguments}: no \"{message}\" in: {run.stderr}")
    for arguments in (["--help"], ["--version"]):
        run = subprocess.run([HERE / SANITIZED, *arguments], capture_output=True, text=True)
        expect(run.returncode == 0 and run.stdout and not run.stderr, f"{arguments}: {run}")


@test
def live_failover_beside_inputs_that_cannot_be_read(bench):
    """UDP, hot: kill, failback, stall; with a bad URL, a missing file, garbage, and an empty file as further inputs."""
    ports = free_udp_ports(2)
    log = bench.directory / "sources.log"
    first = Source("FIRST", "testsrc2", "null", 0x1F5FBF, 440, ports[0], log, size=(320, 180))
    second = Source("SECOND", "smptehdbars", "null", 0xE07B00, 880, ports[1], log, size=(320, 180))
    recording = bench.directory / "out.ts"
    first.start()
    second.start()
    try:
        ingest = bench.ingest("-i", first.url, "-i", second.url, "-i", "nonsense://here", "-i", "/nowhere/at/all.ts", "-i",
                              bench.file("garbage.ts"), "-i", bench.file("empty.ts"), "-o", recording, "--packet-timeout", "1s",
                              "--failback-stable", "500ms", "--switch-cooldown", "500ms", "--probe-cooldown", "1s", "--status-every", "200ms")
        ingest.wait(10, "picture", switch_number=1)
        ingest.wait(10, "source_opened", priority=1)
        for bad in (2, 3, 4, 5):
            ingest.wait(10, "degraded", priority=bad, reason="error")
            expect(ingest.wait(10, "source_failed", priority=bad)["text"], "no reason given")
        wait_for(lambda: packets(ingest, 0) > 100, 10, "a second of the first input")
        first.kill()
        ingest.wait(20, "switched", priority=1, reason="timeout")
        forwarded = ingest.wait(10, "forwarded", switch_number=2)
        gap = (forwarded["gap_ns"] - forwarded.get("stalled_ns", 0)) / 1e6  # a busy machine is not ffmpeg-ingest's fault
        expect(990 <= gap <= 1250, f"gap {gap:.0f} ms with a timeout of 1000")
        ingest.wait(10, "picture", switch_number=2)
        first.start()
        ingest.wait(20, "switched", priority=0, reason="failback")
        ingest.wait(10, "picture", switch_number=3)
        first.signal(signal.SIGSTOP)
        ingest.wait(20, "switched", count=2, priority=1, reason="timeout")
        ingest.wait(10, "picture", switch_number=4)
        expect_clean_end(ingest)
    finally:
        first.kill()
        second.kill()
    expect([e["reason"] for e in ingest.all("switched")] == ["initial", "timeout", "failback", "timeout"], "other switches than these")
    expect(all(e["priority"] <= 1 for e in ingest.all("switched")), "an unreadable input was on air")
    statuses = ingest.statuses()
    expect(len(statuses) > 5, "few statuses")
    expect({s["active_input_priority"] for s in statuses} >= {0, 1}, "the statuses do not show the switch")
    expect([i["input_priority"] for i in statuses[-1]["inputs"]] == [0, 1, 2, 3, 4, 5], "the inputs of the status")
    expect(statuses[-1]["inputs"][2]["status"] == "degraded" and statuses[-1]["inputs"][2]["last_error"], "the error in the status")
    sound = expect_good_recording(recording, 3)
    expect(abs(sound.tone(0.2, 0.5) - 440) < 10, "the sound of the first input at the beginning")


@test
def cold_inputs_are_started_when_needed(bench):
    """A file that ends: the next one is started, and the first, probed and found good, comes back."""
    recording = bench.directory / "out.ts"
    ingest = bench.ingest("--cold", "-i", bench.file("three.mp4"), "-i", bench.file("twenty.flv"), "-o", recording, "--probe-cooldown",
                          "500ms", "--failback-stable", "500ms", "--switch-cooldown", "1s")
    ingest.wait(10, "picture", switch_number=1)
    expect(not ingest.all("start", priority=1), "the second input was started before it was needed")
    switched = ingest.wait(10, "switched", priority=1, reason="error")
    expect("End of file" in json.dumps(ingest.all("degraded", priority=0)), "the reason is not told")
    ingest.wait(5, "stop", priority=0)
    ingest.wait(5, "picture", switch_number=switched["switch_number"])
    ingest.wait(10, "probe", priority=0)
    ingest.wait(10, "recovered", priority=0)
    back = ingest.wait(10, "switched", priority=0, reason="failback")
    ingest.wait(10, "picture", switch_number=back["switch_number"])
    expect_clean_end(ingest)
    expect_good_recording(recording, 4)


@test
def a_file_as_the_last_input_is_played_again_without_a_seam(bench):
    """MP4 with B-frames, FLV, and MPEG-TS: three laps of each, and not a word of it."""
    short = bench.directory / "short.ts"
    short.write_bytes(remux(bench.file("thirty.flv"), "-ss", "0", "-t", "3"))
    flv = bench.directory / "short.flv"
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", bench.file("thirty.flv"), "-t", "3", "-c", "copy", flv], check=True)
    runs = []
    for name in (bench.file("three.mp4"), flv, short):
        recording = bench.directory / f"out{len(runs)}.ts"
        runs.append((bench.ingest("-i", name, "-o", recording), recording))
    for ingest, recording in runs:
        ingest.wait(10, "picture")
        wait_for(lambda: packets(ingest, 0) > 560, 20, "more than two laps")
        expect_clean_end(ingest)
        for word in ("exhausted", "degraded", "source_failed", "output_warning", "source_tracks"):
            expect(not ingest.all(word), f"a word of it: {word}\n{ingest.log()}")
        expect_no_holes(recording, 6.5)


@test
def a_file_that_is_to_be_read_once_ends(bench):
    recording = bench.directory / "out.ts"
    ingest = bench.ingest("-O", "repeat=0", "-i", bench.file("three.mp4"), "-o", recording, "--probe-cooldown", "500ms")
    ingest.wait(10, "exhausted")
    ingest.wait(10, "restored")
    ingest.wait(5, "picture", count=2)
    ingest.wait(10, "exhausted", count=2)
    expect_clean_end(ingest)
    kinds = [e["event"] for e in ingest.events if e["event"] in ("exhausted", "restored")]
    expect(all(a != b for a, b in zip(kinds, kinds[1:])), f"not by turns: {kinds}")
    expect_good_recording(recording, 5)


@test
def a_picture_that_becomes_another_codec(bench):
    """On the same PID, by a new program table: libavformat takes no notice, so the source is opened again."""
    clip = bench.file("thirty.flv")
    after = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-ss", "3", "-i", clip, "-t", "8", "-output_ts_offset", "3", "-tables_version",
                            "1", "-c:v", "mpeg2video", "-g", "12", "-c:a", "copy", "-f", "mpegts", "-"], check=True, capture_output=True).stdout
    ingest = bench.ingest("-i", bench.sender(remux(clip, "-ss", "0", "-t", "3") + after).url, "-o", bench.directory / "out.ts")
    ingest.wait(10, "degraded", reason="error")
    expect("mpeg2video" in ingest.wait(10, "source_opened", count=2)["text"], ingest.log())
    ingest.wait(5, "picture", count=2)
    expect_clean_end(ingest)


def sounds(recording):
    """{PID: rates that its ADTS headers say} of a recording's sounds, straight from its packets."""
    rates, pids = (96000, 88200, 64000, 48000, 44100, 32000), {}
    for packet in ts_packets(Path(recording).read_bytes()):
        start = 4 + (1 + packet[4] if packet[3] & 0x20 else 0)
        if packet[1] & 0x40 and packet[start:start + 4] == b"\0\0\1\xc0":
            frame = start + 9 + packet[start + 8]
            pids.setdefault(pid_of(packet), set()).add(rates[packet[frame + 2] >> 2 & 15])
    return pids


@test
def a_slate_with_a_sound_of_another_rate(bench):
    """The source dies and the slate, a short file, stays on air for several laps; the sound's other rate has its own PID."""
    other = bench.directory / "other.ts"
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", bench.file("thirty.flv"), "-t", "3", "-c:v", "copy", "-c:a", "aac", "-ar", "44100", other],
                   check=True)
    recording = bench.directory / "out.ts"
    ingest = bench.ingest("-i", bench.sender(other.read_bytes()).url, "-i", bench.file("three.mp4"), "-o", recording, "--packet-timeout",
                          "500ms")
    ingest.wait(10, "switched", priority=1, reason="timeout")
    switched = ingest.wait(10, "picture", priority=1)
    before = packets(ingest, 1)
    wait_for(lambda: packets(ingest, 1) > before + 470, 15, "six seconds of the slate")
    expect_clean_end(ingest)
    expect(not ingest.all("exhausted"), "the stream was exhausted by a lap of the slate")
    expect(not ingest.all("degraded", priority=1) and not ingest.all("source_failed", priority=1), "a lap was told as an error")
    pids = sounds(recording)
    expect(sorted(map(sorted, pids.values())) == [[44100], [48000]], f"PIDs and rates: {pids}")
    pictures = expect_good_recording(recording, 6).video
    after = [t for t in pictures if t >= min(pictures) + switched["media_after_s"]]
    expect(longest_pause(after) < 0.1, f"a hole of {longest_pause(after):.2f} s in the slate")


@test
def a_source_that_changes_its_rate_under_way(bench):
    """Another encoder sends to the same port, without a pause: its sound is announced anew, on a PID of its own."""
    other = bench.directory / "other.ts"
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-ss", "3", "-i", bench.file("thirty.flv"), "-t", "10", "-c:v", "copy", "-c:a", "aac", "-ar", "44100",
                    "-output_ts_offset", "3", other], check=True)
    data = remux(bench.file("thirty.flv"), "-ss", "0", "-t", "3") + other.read_bytes()
    recording = bench.directory / "out.ts"
    ingest = bench.ingest("-i", bench.sender(data).url, "-o", recording)
    expect("44100" in ingest.wait(15, "source_tracks")["text"], ingest.log())
    before = packets(ingest, 0)
    wait_for(lambda: packets(ingest, 0) > before + 150, 10, "two seconds of it")
    expect_clean_end(ingest)
    pids = sounds(recording)
    expect(sorted(map(sorted, pids.values())) == [[44100], [48000]], f"PIDs and rates: {pids}")
    expect_good_recording(recording, 4)


@test
def other_codecs_get_a_program_table_of_their_own(bench):
    recording = bench.directory / "out.ts"
    ingest = bench.ingest("-i", bench.file("three.mp4"), "-i", bench.file("twenty.ts"), "-o", recording, "--failback", "manual")
    ingest.wait(10, "switched", priority=1)
    ingest.wait(5, "picture", priority=1)
    ingest.wait(5, "output_warning")
    before = packets(ingest, 1)
    wait_for(lambda: packets(ingest, 1) > before + 100, 10, "packets of the second input")
    expect_clean_end(ingest)
    expect_good_recording(recording, 4)
    shown = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0", "-probesize", "100M",
                            "-analyzeduration", "100M", recording], capture_output=True, text=True).stdout
    expect({"h264", "aac", "mpeg2video", "mp2"} <= set(shown.replace(",", " ").split()), f"tracks: {shown}")


@test
def a_full_disk_is_told_and_the_inputs_go_on(bench):
    ingest = bench.ingest("-i", bench.file("twenty.flv"), "-o", "/dev/full")
    failed = ingest.wait(10, "output_failed")
    expect("No space left" in failed["text"], failed)
    before = packets(ingest, 0)
    wait_for(lambda: packets(ingest, 0) > before + 50, 10, "packets after the disk is full")
    expect(not ingest.all("degraded"), "an input was blamed")
    expect_clean_end(ingest)
    expect(len(ingest.all("output_failed")) == 1, "told again and again")


@test
def an_output_that_comes_later_is_used_then(bench):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))  # not listening: refused
        port = server.getsockname()[1]
        ingest = bench.ingest("-i", bench.file("twenty.flv"), "-o", f"tcp://127.0.0.1:{port}")
        ingest.wait(10, "output_failed")
        server.listen(1)
        server.settimeout(10)
        connection, _ = server.accept()
        with connection:
            opened = ingest.wait(10, "output_opened")
            expect(opened["lost"] > 0, "nothing was said of what is missing")
            expect(connection.recv(1)[0] == 0x47, "that is no MPEG-TS")
        ingest.wait(10, "output_failed", count=2)
        server.accept()[0].close()
        expect_clean_end(ingest)


@test
def an_output_that_blocks_holds_nothing_up(bench):
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        port = server.getsockname()[1]
        ingest = bench.ingest("-i", bench.file("twenty.flv"), "-i", bench.file("twenty.ts"), "-o",
                              f"tcp://127.0.0.1:{port}?send_buffer_size=4096", "--packet-timeout", "1s")
        connection = server.accept()[0]
        with connection:
            ingest.wait(10, "picture")
            wait_for(lambda: packets(ingest, 0) > 250 and packets(ingest, 1) > 250, 20, "packets of both inputs")
            expect(not ingest.all("degraded"), "an input was blamed for the output")
            began = time.monotonic()
            expect_clean_end(ingest)
            expect(time.monotonic() - began < 6, "the end took too long")


def live_segments(bench, kind, *options, hiccup=False):
    """A live playlist with segments of 1 s, read for several of them; with a hiccup, its maker stops until all is used up."""
    live = Live(kind, bench.directory / kind, 1, bench.file("thirty.flv"))
    try:
        wait_for(lambda: live.segments() >= 3, 15, "the first segments")
        recording = bench.directory / "out.ts"
        ingest = bench.ingest(*options, "-i", live.url, "-o", recording)
        opened = ingest.wait(10, "source_opened")
        expect(1_000_000_000 <= opened["segment_ns"] <= 2_000_000_000, opened)
        expect("its packet timeout is" in ingest.log(), "the limit is not told")
        if hiccup:
            live.process.send_signal(signal.SIGSTOP)
            seen = [(packets(ingest, 0), time.monotonic())]

            def used_up():
                now = packets(ingest, 0)
                if now != seen[0][0]:
                    seen[0] = (now, time.monotonic())
                return time.monotonic() - seen[0][1] > 0.5
            wait_for(used_up, 20, "the end of what was fetched in advance")
            live.process.send_signal(signal.SIGCONT)
        before = packets(ingest, 0)
        wait_for(lambda: packets(ingest, 0) > before + 300, 20, "four seconds of packets")  # 25 + 47 packets a second
        expect_clean_end(ingest)
    finally:
        live.close()
    expect(not ingest.all("degraded"), "a live source was given up in the wait for its next segment")
    expect(not ingest.all("source_failed"), "a live source was lost in the wait for its next segment")
    times = sorted(expect_good_recording(recording, 4).video)
    expect(max(b - a for a, b in zip(times, times[1:])) < 0.1, "pictures are missing")  # late is not lost


@test
def hls_goes_on_from_segment_to_segment(bench):
    live_segments(bench, "hls")


@test
def hls_waits_for_a_late_segment(bench):
    live_segments(bench, "hls", "-O", "live_start_index=-1", hiccup=True)


@test
def dash_goes_on_from_segment_to_segment(bench):
    live_segments(bench, "dash")


def longest_pause(times):
    times = sorted(times)
    return max(b - a for a, b in zip(times, times[1:]))


@test
def a_track_that_is_announced_and_comes_later(bench):
    """The program table names a sound; its first packet comes after four seconds. The picture does not wait, nor the output."""
    data = remux(bench.file("thirty.flv"), "-ss", "0")
    begin, clock, kept = None, 0, []
    for packet in ts_packets(data):
        clock = program_clock(packet) or clock
        begin = begin or clock
        if pid_of(packet) != 0x101 or clock - begin > 4:
            kept.append(packet)
    recording = bench.directory / "out.ts"
    ingest = bench.ingest("-i", bench.sender(b"".join(kept)).url, "-o", recording)
    ingest.wait(10, "output_opened")
    expect("aac" not in ingest.wait(5, "source_opened")["text"], "a track of which nothing is known was announced")
    expect("nothing is known of it" in ingest.wait(5, "source_warning")["text"], "not told")
    expect("aac 48000 Hz" in ingest.wait(10, "source_tracks")["text"], "the sound was not taken up")
    before = packets(ingest, 0)
    wait_for(lambda: packets(ingest, 0) > before + 100, 10, "sound and picture")
    expect_clean_end(ingest)
    expect(not ingest.all("output_failed") and not ingest.all("degraded"), "the output was closed, or the input blamed")
    recording = expect_good_recording(recording, 4)
    expect(len(recording.audio) > 40, "the sound is missing")
    expect(longest_pause(recording.video) < 0.2, "the picture stopped for the sound")


@test
def parameters_that_the_probe_did_not_find(bench):
    """The look at the source was cut off: h264 0x0, aac 0 Hz. It is written as soon as its packets tell."""
    recording = bench.directory / "out.ts"
    ingest = bench.ingest("-O", "analyzeduration=1", "-O", "probesize=32", "-i", bench.sender(remux(bench.file("thirty.flv"), "-ss", "0")).url,
                          "-o", recording)
    ingest.wait(10, "picture")
    wait_for(lambda: packets(ingest, 0) > 150, 10, "sound and picture")
    expect_clean_end(ingest)
    expect(not ingest.all("output_failed") and not ingest.all("degraded"), "the output was closed, or the input blamed")
    expect(ingest.all("source_tracks"), "all was known at once: this tests nothing")
    expect(expect_good_recording(recording, 1).audio, "the sound is missing")


@test
def tracks_that_join_and_move(bench):
    """One MPEG-TS: the sound joins after two seconds, the picture moves to another PID, then all moves."""
    clip = bench.file("thirty.flv")
    parts = [("-an",), ("-streamid", "0:0x100", "-streamid", "1:0x101"), ("-streamid", "0:0x150", "-streamid", "1:0x101"),
             ("-streamid", "0:0x160", "-streamid", "1:0x161")]
    data = b"".join(remux(clip, "-ss", str(2 * i), "-t", "2", "-output_ts_offset", str(2 * i), "-tables_version", str(i), *part)
                    for i, part in enumerate(parts))
    recording = bench.directory / "out.ts"
    ingest = bench.ingest("-i", bench.sender(data).url, "-o", recording, "--packet-timeout", "1s")
    ingest.wait(15, "degraded", reason="timeout")  # the end of it
    expect_clean_end(ingest)
    expect(not ingest.all("source_failed"), "reconnected")
    expect([t["text"] for t in ingest.all("source_tracks")][0] == "h264 160x90, aac 48000 Hz", ingest.log())
    shown = expect_good_recording(recording, 7)
    expect(longest_pause(shown.video) < 0.3, f"the picture stopped for {longest_pause(shown.video):.2f} s")
    expect(max(shown.audio) - min(shown.audio) > 5, f"the sound is missing: {min(shown.audio)} to {max(shown.audio)}")
    expect(longest_pause(shown.audio) < 0.3, f"the sound stopped for {longest_pause(shown.audio):.2f} s")
    expect(len({pid_of(p) for p in ts_packets(recording.read_bytes())} - {0, 0x11, 0x1000, 0x1FFF}) == 2, "PIDs of the output moved too")


def expect_no_holes(path, least):
    recording = expect_good_recording(path, least)
    for kind, times in (("picture", recording.video), ("sound", recording.audio)):
        expect(longest_pause(times) < 0.2, f"a hole of {longest_pause(times):.2f} s in the {kind}")
    length = max(recording.video) - min(recording.video)
    expect(abs(len(recording.video) - length * 25) < 8, f"{len(recording.video)} pictures in {length:.2f} s")
    return recording


@test
def steps_of_a_clock_are_no_holes(bench):
    """One source without any pause; its clock steps forward and back, by a second, by five, and less."""
    data = step_clock(remux(bench.file("thirty.flv"), "-ss", "0"), [(2, 5), (4, 0), (5, -1), (6, -6), (7, -5.4)])
    recording = bench.directory / "out.ts"
    ingest = bench.ingest("-i", bench.sender(data).url, "-o", recording)
    ingest.wait(10, "picture")
    wait_for(lambda: packets(ingest, 0) > 570, 20, "eight seconds of packets")
    expect_clean_end(ingest)
    expect_no_holes(recording, 7)


@test
def discontinuities_of_a_playlist_are_no_holes(bench):
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:2"]
    for i, offset in enumerate((0, 5, 3, 60)):
        (bench.directory / f"{i}.ts").write_bytes(
            remux(bench.file("thirty.flv"), "-ss", str(2 * i), "-t", "2", "-output_ts_offset", str(2 * i + offset)))
        lines += [*["#EXT-X-DISCONTINUITY"] * bool(i), "#EXTINF:2.0,", f"{i}.ts"]
    (bench.directory / "list.m3u8").write_text("\n".join([*lines, "#EXT-X-ENDLIST", ""]))
    recording = bench.directory / "out.ts"
    ingest = bench.ingest("-i", bench.directory / "list.m3u8", "-o", recording)
    ingest.wait(10, "picture")
    wait_for(lambda: packets(ingest, 0) > 500, 20, "seven seconds of packets")
    expect_clean_end(ingest)
    expect_no_holes(recording, 6)


def full_pipe():
    """A pipe of which nobody reads, already full: its two ends."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    os.write(writing, b"x" * 4096)
    return reading, writing


def stalled_reader(bench, name, *arguments):
    """Nobody reads stdout, or stderr: a cold failover all the same, and SIGTERM ends it."""
    reading, writing = full_pipe()
    try:
        ingest = bench.ingest("--cold", "-i", bench.file("three.mp4"), "-i", bench.file("twenty.flv"), "-v", "--status-every", "1ms",
                              *arguments, **{name: writing})
        ingest.wait(15, "switched", priority=1, reason="error")
        ingest.wait(5, "forwarded", priority=1)
        began = time.monotonic()
        status = ingest.end(10, signal.SIGTERM)
        expect(status == 0, f"exit status {status}\n{ingest.log()}")
        expect(time.monotonic() - began < 8, "the end took too long")
    finally:
        os.close(reading)
        os.close(writing)


@test
def nobody_reads_the_log(bench):
    stalled_reader(bench, "stderr", "-o", bench.directory / "out.ts")
    expect_good_recording(bench.directory / "out.ts", 3)


@test
def nobody_reads_the_status(bench):
    stalled_reader(bench, "stdout", "-o", bench.directory / "out.ts")
    expect_good_recording(bench.directory / "out.ts", 3)


@test
def nobody_reads_the_output(bench):
    stalled_reader(bench, "stdout", "-o", "pipe:1")


@test
def events_that_cannot_be_written_are_told(bench):
    ingest = bench.ingest("-i", bench.file("twenty.flv"), "-o", bench.directory / "out.ts", "--events-json", "/dev/full")
    wait_for(lambda: "events      cannot be written: No space left" in ingest.log(), 10, "the word that events are lost")
    before = packets(ingest, 0)
    wait_for(lambda: packets(ingest, 0) > before + 50, 10, "packets after that")
    expect_clean_end(ingest)
    expect(ingest.log().count("cannot be written") == 1, "told again and again")


@test
def an_impossible_output_ends_it(bench):
    for output, message in (("/nowhere/at/all.ts", "No such file"), ("nonsense://x", "Protocol not found"), ("/", "Is a directory")):
        ingest = bench.ingest("-i", bench.file("twenty.flv"), "-o", output)
        expect(ingest.process.wait(10) == 1, f"{output}: exit status {ingest.process.returncode}")
        expect(message in ingest.log() and output in ingest.log(), ingest.log())


@test
def silent_servers_are_left_at_once(bench):
    """An input that accepts and says nothing: opening it is interrupted; it reconnects by itself."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(10)
        port = server.getsockname()[1]
        ingest = bench.ingest("-i", f"tcp://127.0.0.1:{port}", "-i", bench.file("twenty.flv"), "-o", bench.directory / "out.ts",
                              "--connect-timeout", "1s", "--read-timeout", "1500ms", "--probe-cooldown", "30s")
        ingest.wait(10, "switched", priority=1)
        ingest.wait(10, "source_failed", priority=0)
        server.settimeout(10)
        for _ in range(2):
            server.accept()[0].close()
        began = time.monotonic()
        expect_clean_end(ingest)
        expect(time.monotonic() - began < 2, "the end took too long")


def listening(port):
    """Does anybody listen on this TCP port?"""
    with open("/proc/net/tcp") as table:
        rows = [line.split() for line in table][1:]
    return any(int(row[1].split(":")[1], 16) == port and row[3] == "0A" for row in rows)


def shown_streams(path):
    """What ffprobe says of a recording's streams, and of its program."""
    run = subprocess.run(["ffprobe", "-v", "error", *Recording.WHOLE, "-show_entries",
                          "stream=id,codec_name,codec_type:stream_tags=language:program_tags=service_name,service_provider:program=program_num",
                          "-of", "json", path], capture_output=True, text=True, check=True)
    answer = json.loads(run.stdout)
    streams = {int(stream["id"], 16): (stream["codec_name"], stream.get("tags", {}).get("language")) for stream in answer["streams"]
               if "codec_name" in stream}
    return streams, answer["programs"][0]


def moved_by(source, recording):
    """By how much the pictures of this MPEG-TS were moved in the recording, in ticks of 90 kHz: matched by what is in them."""
    def pictures(path):
        run = subprocess.run(["ffprobe", "-v", "error", *Recording.WHOLE, "-select_streams", "v:0", "-show_data_hash", "crc32", "-show_entries",
                              "packet=pts,data_hash", "-of", "json", path], capture_output=True, text=True, check=True)
        return [(p["data_hash"], p["pts"]) for p in json.loads(run.stdout)["packets"]]
    sent = pictures(source)
    repeated = {picture for picture, times in Counter(picture for picture, _ in sent).items() if times > 1}
    known = {picture: shown for picture, shown in sent if picture not in repeated}
    moves = {shown - known[picture] for picture, shown in pictures(recording) if picture in known}
    expect(len(moves) == 1, f"the pictures were moved by {moves}")
    return moves.pop()


def two_sounds(bench, first, second, *arguments):
    """A picture with two sounds in these languages, as an MPEG-TS."""
    clip = bench.file("thirty.flv")
    return subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", clip, "-i", bench.file("twenty.flv"), "-t", "12", "-map", "0:v", "-map",
                           "0:a", "-map", "1:a", "-c", "copy", "-metadata:s:a:0", f"language={first}", "-metadata:s:a:1", f"language={second}",
                           *arguments, "-f", "mpegts", "-"], check=True, capture_output=True).stdout


@test
def languages_pids_and_the_service_are_kept(bench):
    """Two inputs with the same languages in another order: each sound stays on its PID."""
    names = ["-metadata", "service_name=Kanal 1", "-metadata", "service_provider=Funk", "-mpegts_service_id", "77", "-mpegts_pmt_start_pid",
             "0x30", "-streamid", "0:0x210", "-streamid", "1:0x211", "-streamid", "2:0x212"]
    first, second = bench.sender(two_sounds(bench, "deu", "eng", *names)), bench.sender(two_sounds(bench, "eng", "deu"))
    recording = bench.directory / "out.ts"
    ingest = bench.ingest("-i", first.url, "-i", second.url, "-o", recording, "--packet-timeout", "500ms")
    ingest.wait(10, "picture")
    ingest.wait(10, "source_opened", priority=1)
    wait_for(lambda: packets(ingest, 0) > 250, 10, "two seconds of the first input")
    first.close()
    ingest.wait(10, "picture", priority=1)
    before = packets(ingest, 1)
    wait_for(lambda: packets(ingest, 1) > before + 250, 10, "two seconds of the second input")
    expect_clean_end(ingest)
    expect(not ingest.all("output_warning"), "the program changed")
    streams, program = shown_streams(recording)
    expect(streams == {0x210: ("h264", None), 0x211: ("aac", "deu"), 0x212: ("aac", "eng")}, streams)
    expect(program["program_num"] == 77 and program["tags"] == {"service_name": "Kanal 1", "service_provider": "Funk"}, program)
    # The German of the second input is what was its second sound: the tone of 880 Hz.
    shown = expect_good_recording(recording, 4)
    length = max(shown.video) - min(shown.video)
    expect(abs(shown.tone(0.3) - 440) < 10, "German at the beginning")
    expect(abs(shown.tone(length - 1) - 880) < 10, f"{shown.tone(length - 1):.0f} Hz: not German at the end")


@test
def data_beside_the_picture_goes_with_it(bench):
    """SCTE-35 with its times moved along, teletext, KLV; what cannot be carried is told."""
    clip = remux(bench.file("thirty.flv"), "-ss", "0")
    splice_at = 6 * 90000
    cue = seal(bytes([0xFC, 0x30, 0, 0, 0, 0, 0, 0, 7, 0, 0xFF, 0xF0, 15, 5, 0, 0, 0, 9, 0x7F, 0xCF, 0xFE]) + splice_at.to_bytes(4, "big")
               + bytes([0, 1, 0, 0, 0, 0]))
    times = [2.5 + 0.5 * i for i in range(8)]
    data = add_stream(clip, 0x1F0, 0x86, b"", [(t, b"\0" + cue) for t in times], b"\x05\x04CUEI")
    data = add_stream(data, 0x1F1, 6, b"\x56\x05deu\x09\0", [(t, pes(b"\x10" + bytes(90), None)) for t in times])
    data = add_stream(data, 0x1F2, 6, b"\x05\x04KLVA", [(t, pes(b"\x06\x0e\x2b\x34" + bytes(20), t + 0.7)) for t in times])
    data = add_stream(data, 0x1F3, 5, b"", [])
    source, recording = bench.directory / "source.ts", bench.directory / "out.ts"
    source.write_bytes(data)
    ingest = bench.ingest("-i", bench.sender(data).url, "-o", recording)
    expect("data" in ingest.wait(10, "source_warning")["text"], "what is left out is not told")
    ingest.wait(10, "picture")
    wait_for(lambda: packets(ingest, 0) > 500, 15, "six seconds of packets")
    expect_clean_end(ingest)
    expect_good_recording(recording, 5)
    written = recording.read_bytes()
    tables = list(sections(written, 0x1000))
    expect(tables and all(not section_checksum(table) for table in tables), "program tables with wrong checksums")
    streams, program = elementary_streams(tables[-1])
    expect(streams[0x1F0][0] == 0x86 and b"\x05\x04CUEI" in program, (streams, program))
    expect(b"deu" in streams[0x1F1][1] and b"KLVA" in streams[0x1F2][1], streams)
    cues = list(sections(written, 0x1F0))
    expect(len(cues) >= 5, f"{len(cues)} cues of {len(times)}")
    moved = moved_by(source, recording)
    for written_cue in cues:
        expect(not section_checksum(written_cue), "a cue with a wrong checksum")
        adjustment = (written_cue[4] & 1) << 32 | int.from_bytes(written_cue[5:9], "big")
        expect(adjustment == (7 + moved) % 2**33, f"a cue for another moment: by {adjustment}, the pictures by {moved}")
        expect(written_cue[9:-4] == cue[9:-4], "another cue")
    for pid in (0x1F1, 0x1F2):
        count = sum(pid_of(p) == pid and p[1] & 0x40 > 0 for p in ts_packets(written))
        expect(count >= 5, f"{count} packets of {len(times)} on PID {pid:#x}")


@test
def a_program_of_several_can_be_chosen(bench):
    data = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", bench.file("thirty.flv"), "-i", bench.file("twenty.flv"), "-t", "12",
                           "-map", "0", "-map", "1", "-c", "copy", "-program", "program_num=1:st=0:st=1", "-program",
                           "program_num=2:st=2:st=3", "-f", "mpegts", "-"], check=True, capture_output=True).stdout
    sender, recording = bench.sender(data), bench.directory / "out.ts"
    ingest = bench.ingest("--program", "2", "-i", sender.url, "-o", recording)
    ingest.wait(10, "picture")
    wait_for(lambda: packets(ingest, 0) > 200, 10, "two seconds of packets")
    expect_clean_end(ingest)
    shown = expect_good_recording(recording, 1)
    expect(abs(shown.tone(0.3) - 880) < 10, f"{shown.tone(0.3):.0f} Hz: not the second program")
    wrong = bench.ingest("--program", "3", "-i", sender.url, "-o", bench.directory / "none.ts")
    expect("no program 3 in it; there are: 1" in wrong.wait(10, "source_failed")["text"], wrong.log())


@test
def protocols_with_real_peers(bench):
    """Each with ffmpeg as the other side, which goes away and comes back: the input is lost, and on air again."""
    clip = bench.file("thirty.flv")
    udp, rtp, srt_listener, srt_caller, http, rtsp = free_udp_ports(6)
    ts = ["-f", "mpegts"]
    cases = {  # what we read, with which options; what the other side writes
        "udp": (f"udp://127.0.0.1:{udp}", [], [*ts, f"udp://127.0.0.1:{udp}?pkt_size=1316"]),
        "rtp": (f"rtp://127.0.0.1:{rtp}", [], ["-f", "rtp_mpegts", f"rtp://127.0.0.1:{rtp}"]),
        "srt, listening": (f"srt://127.0.0.1:{srt_listener}?mode=listener", [], [*ts, f"srt://127.0.0.1:{srt_listener}"]),
        "srt, calling": (f"srt://127.0.0.1:{srt_caller}", [], [*ts, f"srt://127.0.0.1:{srt_caller}?mode=listener"]),
        "http": (f"http://127.0.0.1:{http}", [], [*ts, "-listen", "1", f"http://127.0.0.1:{http}"]),
        "rtsp, listening": (f"rtsp://127.0.0.1:{rtsp}/x", ["-O", "rtsp_flags=listen"],
                            ["-f", "rtsp", "-rtsp_transport", "tcp", f"rtsp://127.0.0.1:{rtsp}/x"]),
    }
    available = subprocess.run(["ffmpeg", "-hide_banner", "-protocols"], capture_output=True, text=True).stdout.split()
    cases = {name: case for name, case in cases.items() if not name.startswith("srt") or "srt" in available}
    peers = {}

    def start_peers():
        for name, (_, _, arguments) in cases.items():
            peers[name] = subprocess.Popen(["ffmpeg", "-nostdin", "-v", "quiet", "-re", "-i", clip, "-c", "copy", *arguments])

    def end_peers():
        for peer in peers.values():
            peer.kill()
            peer.wait()

    ingests = {name: bench.ingest(*options, "-i", url, "-o", bench.directory / f"{name.replace(', ', '-')}.ts", "--packet-timeout", "1s",
                                  "--probe-cooldown", "1s", "--read-timeout", "4s", program="ffmpeg-ingest")
               for name, (url, options, _) in cases.items()}
    try:
        # Who calls is refused until the other side listens: some need another attempt.
        def all_are(word, count):
            for name, peer in list(peers.items()):
                if peer.poll() is not None and len(ingests[name].all(word)) < count[name]:
                    peers[name] = subprocess.Popen(peer.args)
            return all(len(ingest.all(word)) >= count[name] for name, ingest in ingests.items())
        start_peers()
        wait_for(lambda: all_are("picture", dict.fromkeys(cases, 1)), 20, "all of them on air", step=0.3)
        before = {name: (len(ingest.all("exhausted")), len(ingest.all("restored"))) for name, ingest in ingests.items()}
        end_peers()
        for name, ingest in ingests.items():
            ingest.wait(10, "exhausted", count=before[name][0] + 1)
        start_peers()
        wait_for(lambda: all_are("restored", {name: counts[1] + 1 for name, counts in before.items()}), 20, "all on air again", step=0.3)
    finally:
        end_peers()
    for name, ingest in ingests.items():
        expect_clean_end(ingest)
        recording = Recording(bench.directory / f"{name.replace(', ', '-')}.ts")
        expect(recording.video and recording.audio and not recording.steps_back, f"{name}: no good recording")


@test
def a_listener_keeps_its_port_open(bench):
    """RTMP publish: nobody comes for much longer than the read timeout; then a mute one; then an encoder, twice."""
    with socket.socket() as finder:
        finder.bind(("127.0.0.1", 0))
        port = finder.getsockname()[1]
    url = f"rtmp://127.0.0.1:{port}/live/x"
    ingest = bench.ingest("-O", "listen=1", "-i", url, "-o", bench.directory / "out.ts", "--connect-timeout", "500ms", "--packet-timeout",
                          "500ms", "--read-timeout", "1s", "--probe-cooldown", "60s")
    wait_for(lambda: listening(port), 10, "the port")
    until = time.monotonic() + 3.5
    while time.monotonic() < until:
        expect(listening(port), "the port was closed")
        time.sleep(0.005)
    expect(not ingest.all("source_failed"), "an error, where only nobody came")
    with socket.create_connection(("127.0.0.1", port)):
        wait_for(lambda: not listening(port), 5, "the connection of a mute one")
        wait_for(lambda: listening(port), 5, "the port, free of the mute one again")
    for count in (1, 2):
        encoder = subprocess.Popen(["ffmpeg", "-nostdin", "-v", "quiet", "-re", "-i", bench.file("thirty.flv"), "-c", "copy", "-f", "flv", url])
        try:
            ingest.wait(15, "picture", count=count)
            expect(not listening(port), "nothing is left to be lost")
        finally:
            encoder.kill()
            encoder.wait()
        ended = time.monotonic()
        wait_for(lambda: listening(port), 5, "the port after the encoder left")
        expect(time.monotonic() - ended < 0.2, "the port was closed after the encoder left")
    expect_clean_end(ingest)


@test
def people_can_choose(bench):
    ingest = bench.ingest("-i", bench.file("twenty.flv"), "-i", bench.file("twenty.ts"), "-o", bench.directory / "out.ts",
                          "--switch-cooldown", "500ms", "--failback-stable", "500ms")
    ingest.wait(10, "source_opened", priority=1)
    ingest.wait(10, "picture")
    ingest.type("switch 1")
    ingest.wait(5, "switched", priority=1, reason="manual")
    ingest.type("switch 7")
    ingest.type("make coffee")
    wait_for(lambda: "switch 7:" in ingest.log() and "make coffee" in ingest.log(), 5, "answers to what was typed")
    ingest.process.send_signal(signal.SIGUSR1)
    status = wait_for(lambda: ingest.statuses(), 5, "the status on SIGUSR1")[-1]
    expect(status["active_input_priority"] == 1 and status["override_input_priority"] == 1, status)
    ingest.type("auto")
    ingest.wait(10, "switched", priority=0, reason="failback")
    ingest.type("quit")
    expect(ingest.process.wait(10) == 0, f"exit status {ingest.process.returncode}:\n{ingest.log()}")


@test
def udp_out_is_what_a_player_expects(bench):
    """Without sanitizers: whole TS packets in each datagram, and a clean end on SIGTERM."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(10)
        ingest = bench.ingest("-i", bench.file("twenty.flv"), "-o", f"udp://127.0.0.1:{receiver.getsockname()[1]}",
                              program="ffmpeg-ingest")
        for _ in range(50):
            datagram = receiver.recv(65536)
            expect(len(datagram) % 188 == 0 and all(datagram[i] == 0x47 for i in range(0, len(datagram), 188)), "torn TS packets")
        expect(ingest.end(number=signal.SIGTERM) == 0, ingest.log())


def run(function, media, lock):
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        bench = Bench(media, Path(directory))
        try:
            function(bench)
            failure = None
        except Exception as error:
            failure = "".join(traceback.format_exception(error)) + "".join(f"--- {i.log_path.name}\n{i.log()}" for i in bench.ingests)
        finally:
            bench.close()
    with lock:
        print(f"{'ok    ' if not failure else 'FAILED'} {function.__name__} ({time.monotonic() - began:.1f} s)", flush=True)
        if failure:
            print(failure, flush=True)
    return not failure


def main():
    wanted = [t for t in TESTS if not sys.argv[1:] or any(name in t.__name__ for name in sys.argv[1:])]
    lock = threading.Lock()
    with tempfile.TemporaryDirectory() as media:
        make_media(Path(media))
        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(lambda t: run(t, Path(media), lock), wanted))
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
