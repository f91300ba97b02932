"""Sources that are encoded once and sent at their pace, from a process of their own: it says when the last byte of each
picture has left."""

import multiprocessing
import os
import socket
import subprocess
import time

from pictures import units_of
from ts import ts_packets

DATAGRAM = 7  # TS packets


class Media:
    """An encoded source: its TS packets in datagrams, each with the time it is due, as an encoder would send it: a picture
    and the sound before it in one go."""

    def __init__(self, path, rate):
        self.packets = list(ts_packets(path.read_bytes()))
        self.units = units_of(self.packets)
        self.pictures = [u for u in self.units if u.kind == "video"]
        assert len({u.digest for u in self.pictures}) == len(self.pictures), "two pictures are the same"
        self.rate = rate
        self.seconds = len(self.pictures) / rate
        self.datagrams = []  # (due, bytes, the pictures that end in it)
        begins = {u.first: i for i, u in enumerate(self.pictures)}
        ends = {u.last: i for i, u in enumerate(self.pictures)}
        due, waiting, ending = 0.0, [], []
        for number, packet in enumerate(self.packets):
            if number in begins:
                self.flush(due, waiting, ending)
                due = begins[number] / rate
            waiting.append(packet)
            if number in ends:
                ending.append(ends[number])
            if len(waiting) == DATAGRAM:
                self.flush(due, waiting, ending)
        self.flush(due, waiting, ending)

    def flush(self, due, waiting, ending):
        if waiting:
            self.datagrams.append((due, b"".join(waiting), tuple(ending)))
            waiting.clear()
            ending.clear()


def send(media, port, began, log):
    """Begins at CLOCK_REALTIME `began`; writes "picture time lateness" lines, in ns."""
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.connect(("127.0.0.1", port))
    with open(log, "a", buffering=1) as lines:
        for due, data, pictures in media.datagrams:
            wait = began + due - time.time()
            if wait > 0:
                time.sleep(wait)
            try:
                out.send(data)
            except ConnectionRefusedError:
                pass  # nobody listens yet
            now = time.time_ns()
            for picture in pictures:
                lines.write(f"{picture} {now} {now - int((began + due) * 1e9)}\n")


class Replay:
    """A source that can be killed and started again, from its beginning."""

    def __init__(self, media, port, log):
        self.media, self.port, self.log = media, port, log
        self.url = f"udp://127.0.0.1:{port}"
        self.process, self.began = None, None

    def start(self, began=None):
        self.began = began or time.time() + 0.05
        self.process = multiprocessing.Process(target=send, args=(self.media, self.port, self.began, self.log), daemon=True)
        self.process.start()

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.join()
            self.process = None

    def left(self):
        """How many seconds of it are left to send."""
        return self.media.seconds - (time.time() - self.began)

    def sent(self):
        """[(when, ns of CLOCK_REALTIME; picture; how late, ns)], all that ever left, in order."""
        if not os.path.exists(self.log):
            return []
        with open(self.log) as file:
            rows = [line.split() for line in file if line.endswith("\n")]
        return sorted((int(when), int(picture), int(late)) for picture, when, late in rows)

    def longest_silence(self, begin, end, dying):
        """Of a source that nobody killed then, ms: this machine had no time for it. `dying`: [(begin, end)] of killing it."""
        times = [begin, *(at for at, _, _ in self.sent() if begin <= at <= end), end]
        alive = [b - a for a, b in zip(times, times[1:]) if not any(a <= over and under <= b for under, over in dying)]
        return max(alive, default=0) / 1e6


def encode(path, pattern, tone, rate, group, video, sound, seconds, tweak="null"):
    """`video`: h264, h264 with B-frames ("h264b"), hevc; `group`: seconds between key frames."""
    frames = str(round(rate * group))
    codec = {
        "h264": ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-sc_threshold", "0"],
        "h264b": ["-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-sc_threshold", "0"],
        "hevc": ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", f"log-level=none:scenecut=0:open-gop=0:min-keyint={frames}"],
    }[video]
    audio = {"aac": ["-c:a", "aac", "-b:a", "96k"], "mp2": ["-c:a", "mp2", "-b:a", "128k"]}[sound]
    subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", f"{pattern}=size=320x180:rate={rate},{tweak},format=yuv420p",
         "-f", "lavfi", "-i", f"aevalsrc=0.3*sin(2*PI*({tone}+7*t)*t):s=48000",  # no two frames of sound are the same
         "-t", str(seconds), *codec, "-g", frames, "-b:v", "800k",
         *audio, "-f", "mpegts", str(path)], check=True)
