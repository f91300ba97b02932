"""What the tests share: media, one test's belongings, what is expected of a run and of a recording."""

import subprocess

from live import Ingest, Recording, Sender

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


def longest_pause(times):
    times = sorted(times)
    return max(b - a for a, b in zip(times, times[1:]))


def expect_good_recording(path, least=1.0):
    recording = Recording(path)
    expect(recording.video, "no pictures were recorded")
    expect(not recording.steps_back, f"timestamps go back: {recording.steps_back[:3]}")
    errors = recording.probe_errors or recording.decoding_errors()
    expect(not errors, f"does not decode: {errors[:500]}")
    length = max(recording.video) - min(recording.video)
    expect(length >= least, f"only {length:.2f} s were recorded")
    return recording


def expect_no_holes(path, least):
    recording = expect_good_recording(path, least)
    for kind, times in (("picture", recording.video), ("sound", recording.audio)):
        expect(longest_pause(times) < 0.2, f"a hole of {longest_pause(times):.2f} s in the {kind}")
    length = max(recording.video) - min(recording.video)
    expect(abs(len(recording.video) - length * 25) < 8, f"{len(recording.video)} pictures in {length:.2f} s")
    return recording


packets = Ingest.packets
