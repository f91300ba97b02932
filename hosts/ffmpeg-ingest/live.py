"""What the demo and the test of ffmpeg-ingest share: live sources to play with, and an ingest whose events one can await."""

import functools
import http.server
import json
import os
import random
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

from ts import program_clock, ts_packets

HERE = Path(__file__).resolve().parent


def free_udp_ports(count):
    """Ports nobody has, below those that the system gives to whoever asks for none: each sender does."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        candidates = range(10000, int(file.read().split()[0]))
    ports = []
    for port in random.sample(candidates, len(candidates)):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
                ports.append(port)
            except OSError:
                pass  # taken
        if len(ports) == count:
            return ports
    raise OSError("no free UDP ports")


def wait_for(condition, seconds, what, step=0.02):
    """Polls until the condition is truthy and returns its value; TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} s: {what}")
        time.sleep(step)


def ffmpeg_has(kind, name):
    """Does this ffmpeg have that encoder or filter?"""
    listing = subprocess.run(["ffmpeg", "-hide_banner", f"-{kind}"], capture_output=True, text=True).stdout
    return any(name in line.split()[1:2] for line in listing.splitlines())


def find_font():
    """A bold font file for captions, or None."""
    try:
        found = subprocess.run(["fc-match", "-f", "%{file}", "sans:bold"], capture_output=True, text=True).stdout.strip()
        if found.endswith((".ttf", ".otf")) and os.path.exists(found):
            return found
    except FileNotFoundError:
        pass
    fonts = sorted(Path("/usr/share/fonts").rglob("*.ttf")) if Path("/usr/share/fonts").exists() else []
    best = [font for font in fonts if font.name == "DejaVuSans-Bold.ttf"] or fonts
    return str(best[0]) if best else None


class Source:
    """A real ffmpeg that sends a moving picture and a tone over UDP, at a constant rate: 50 pictures a second, two key frames a
    second."""

    def __init__(self, name, pattern, look, color, tone, port, log, size=(640, 360), font=None):
        self.name, self.color, self.tone, self.port, self.log = name, color, tone, port, log
        self.url = f"udp://127.0.0.1:{port}"
        width, height = size
        band = f"drawbox=x=0:y={height * 3 // 4}:w={width}:h={height // 4}:color=0x{color:06x}:t=fill"
        if font:
            band += (f",drawtext=fontfile={font}:text='{name}  %{{pts\\:hms}}':fontcolor=white:fontsize={height // 8}"
                     f":x=(w-tw)/2:y={height * 7 // 8}-th/2")
        rate = ["-b:v", "1500k", "-minrate", "1500k", "-maxrate", "1500k", "-bufsize", "750k"]
        video = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-x264-params", "nal-hrd=cbr:force-cfr=1", *rate]
        if not ffmpeg_has("encoders", "libx264"):
            video = ["-c:v", "mpeg2video", "-bf", "0", *rate]
        form = f"size={width}x{height}:rate=50"
        pictures = (f"[0:v]{look},{band},format=yuv420p,split[moving][first];"
                    f"[first]trim=end_frame=1,loop=loop=-1:size=1,setpts=N/50/TB[still];"
                    f"[moving][still][1:v]streamselect=inputs=3:map=0[v];[2:a]volume=volume=1[a]")
        self.command = [
            "ffmpeg", "-hide_banner", "-v", "error",
            "-re", "-f", "lavfi", "-i", f"{pattern}={form}", "-re", "-f", "lavfi", "-i", f"color={form},format=yuv420p",
            "-re", "-f", "lavfi", "-i", f"sine=frequency={tone}:sample_rate=48000",
            "-filter_complex", pictures, "-map", "[v]", "-map", "[a]", *video, "-g", "25", "-c:a", "aac", "-b:a", "96k",
            "-f", "mpegts", f"{self.url}?pkt_size=1316",
        ]
        self.process = None

    def start(self):
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=log, stderr=log)

    def order(self, command):
        """To a filter, as a person would type it."""
        self.process.stdin.write(f"c{command}\n".encode())
        self.process.stdin.flush()
        return time.time_ns()

    def show(self, what):
        """From now on "moving", "still" or "black" pictures; the time on the wall clock, in ns."""
        return self.order(f"streamselect -1 map {('moving', 'still', 'black').index(what)}")

    def mute(self, muted=True):
        return self.order(f"volume -1 volume {0 if muted else 1}")

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()
            self.process.stdin.close()


def received(port):
    """Does anybody receive on this UDP port?"""
    with open("/proc/net/udp") as table:
        return any(int(line.split()[1].split(":")[1], 16) == port for line in list(table)[1:])


class Sender:
    """Sends an MPEG-TS over UDP from a thread, at the speed of its own clock; a step of the clock is no pause. Begins when
    somebody receives."""

    def __init__(self, data, port=None):
        self.data, self.port = data, port or free_udp_ports(1)[0]
        self.url = f"udp://127.0.0.1:{self.port}"
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def start(self):
        self.thread.start()
        return self

    def run(self):
        while not received(self.port):
            if self.stop.wait(0.02):
                return
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            began, base, last, waiting = time.monotonic(), None, None, b""
            for packet in ts_packets(self.data):
                clock = program_clock(packet)
                if clock is not None:
                    if base is None:
                        base = last = clock
                    if clock < last or clock > last + 1:
                        base += clock - last - 0.04
                    last = clock
                    if self.stop.wait(max(0, began + clock - base - time.monotonic())):
                        return
                waiting += packet
                if len(waiting) == 1316:
                    out.sendto(waiting, ("127.0.0.1", self.port))
                    waiting = b""
            out.sendto(waiting, ("127.0.0.1", self.port))

    def close(self):
        self.stop.set()
        self.thread.join()


class Live:
    """A live HLS (of MPEG-TS or of MP4) or DASH stream: ffmpeg writes its segments, a server in this process hands them out."""

    def __init__(self, kind, directory, segment, clip):
        self.directory = Path(directory)
        self.directory.mkdir()
        self.manifest = "live.mpd" if kind == "dash" else "live.m3u8"
        hls = ["-f", "hls", "-hls_time", str(segment), "-hls_list_size", "4", "-hls_flags", "delete_segments"]
        form = {
            "hls": hls,
            "hls-mp4": [*hls, "-hls_segment_type", "fmp4"],
            "dash": ["-f", "dash", "-seg_duration", str(segment), "-window_size", "4", "-remove_at_exit", "0", "-streaming", "0"],
        }[kind]
        handler = functools.partial(QuietHandler, directory=str(self.directory))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/{self.manifest}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.process = subprocess.Popen(
            ["ffmpeg", "-nostdin", "-v", "error", "-re", "-i", str(clip), "-c", "copy", *form, str(self.directory / self.manifest)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def segments(self):
        """How many segments the playlist names by now."""
        return sum(len({f.name for f in self.directory.glob(names)}) for names in ("*.ts", "live*.m4s", "chunk-stream0-*.m4s"))

    def close(self):
        self.process.kill()
        self.process.wait()
        self.server.shutdown()
        self.server.server_close()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Without a word, also when a client leaves in the middle of a file."""

    def log_message(self, *_):
        pass

    def copyfile(self, source, outputfile):
        try:
            super().copyfile(source, outputfile)
        except (BrokenPipeError, ConnectionResetError):
            pass


class Ingest:
    """A running ffmpeg-ingest: its events as they come, its status, its end."""

    def __init__(self, arguments, directory, program="ffmpeg-ingest", name="ingest", **descriptors):
        """`descriptors`: stdout or stderr, where they are not to be files."""
        directory = Path(directory)
        self.events_path = directory / f"{name}-events.jsonl"
        self.log_path = directory / f"{name}.log"
        self.status_path = directory / f"{name}-status.jsonl"
        self.events = []
        self.position = 0
        self.events_path.write_text("")
        with open(self.log_path, "w") as log, open(self.status_path, "w") as status:
            self.process = subprocess.Popen(
                [str(HERE / program), "--events-json", str(self.events_path), *map(str, arguments)],
                stdin=subprocess.PIPE, **{"stdout": status, "stderr": log, **descriptors})

    def poll(self):
        """Events that came since the last call."""
        with open(self.events_path, "rb") as file:
            file.seek(self.position)
            data = file.read()
        whole = data[:data.rfind(b"\n") + 1]
        self.position += len(whole)
        new = [json.loads(line) for line in whole.splitlines()]
        self.events += new
        return new

    def all(self, event, **fields):
        self.poll()
        return [e for e in self.events if e["event"] == event and all(e.get(k) == v for k, v in fields.items())]

    def wait(self, seconds, event, count=1, **fields):
        """The `count`-th event with these fields."""
        def there():
            if self.process.poll() is not None and len(self.all(event, **fields)) < count:
                raise ChildProcessError(f"ffmpeg-ingest ended with {self.process.returncode}, before {event} {fields}:\n{self.log()}")
            found = self.all(event, **fields)
            return found[count - 1] if len(found) >= count else None
        return wait_for(there, seconds, f"event {event} {fields} number {count}")

    def type(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def log(self):
        return self.log_path.read_text()

    def statuses(self):
        text = self.status_path.read_text()
        return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]

    def packets(self, priority):
        """Packets of this input so far, by a status made now."""
        known = len(self.statuses())
        self.type("status")
        return wait_for(lambda: self.statuses()[known:], 5, "the status")[-1]["inputs"][priority]["packets"]

    def on_air(self):
        return self.all("switched")[-1]["priority"]

    def end(self, seconds=10, number=signal.SIGINT):
        """Asks it to end; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(seconds)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()


class Recording:
    """What ffprobe and ffmpeg say of a recording."""

    WHOLE = ["-probesize", "100M", "-analyzeduration", "100M"]  # tracks may join late

    def __init__(self, path):
        self.path = str(path)
        shown = subprocess.run(
            ["ffprobe", "-v", "error", *self.WHOLE, "-show_entries", "packet=codec_type,pts_time,dts_time,stream_index,flags", "-of", "json", self.path],
            capture_output=True, text=True)
        self.probe_errors = shown.stderr.strip()
        packets = json.loads(shown.stdout or "{}").get("packets", [])
        self.video = [float(p["pts_time"]) for p in packets if p["codec_type"] == "video" and "pts_time" in p]
        self.audio = [float(p["pts_time"]) for p in packets if p["codec_type"] == "audio" and "pts_time" in p]
        self.keys = {float(p["pts_time"]) for p in packets if p["codec_type"] == "video" and "pts_time" in p and "K" in p["flags"]}
        self.steps_back = []
        self.apart = 0  # s: how much later than one track another one of the same time came
        last = {}
        for p in packets:
            if "dts_time" in p:
                stream, dts = p["stream_index"], float(p["dts_time"])
                if dts <= last.get(stream, -1):
                    self.steps_back.append((stream, last[stream], dts))
                last[stream] = dts
                self.apart = max(self.apart, max(last.values()) - min(last.values()))

    def picture_start(self):
        """When the first picture is shown as ffmpeg counts, which is from the first packet of any track."""
        return self.video[0] - min(self.video[0], self.audio[0])

    def decoding_errors(self, pieces=None):
        """What a decoder complains of; empty: nothing. `pieces`: only of these, (begin, end) in seconds after the first picture."""
        if pieces is None:
            return self.decode(["-i", self.path])
        start = self.picture_start()
        errors = ""
        for begin, end in pieces:
            cut = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *self.WHOLE, "-i", self.path, "-ss", str(start + begin), "-to",
                                  str(start + end), "-c", "copy", "-f", "mpegts", "-"], capture_output=True)
            errors += self.decode(["-i", "-"], cut.stdout)
        return errors

    def decode(self, source, data=None):
        command = ["ffmpeg", "-v", "error", "-y", *self.WHOLE, *source]
        for kind, raw, present in (("v", "rawvideo", self.video), ("a", "s16le", self.audio)):
            if present:  # raw: only decoders can complain, no muxer about frame rates
                command += ["-map", f"0:{kind}:0", "-f", raw, "/dev/null"]
        given = {"stdin": subprocess.DEVNULL} if data is None else {"input": data}
        return subprocess.run(command, capture_output=True, **given).stderr.decode(errors="replace").strip()

    def whole_pictures(self):
        """Times of those that can be decoded: in a row without a gap from a key frame on; the last before a gap is torn."""
        whole, row, last = [], None, None
        for at in sorted(self.video):
            unbroken = last is not None and at - last < 0.03
            if row and not unbroken:
                row.pop()
            if at in self.keys or not unbroken:
                whole += row or []
                row = [] if at in self.keys else None
            if row is not None:
                row.append(at)
            last = at
        return whole + (row or [])

    def tone(self, at, seconds=0.8):
        """The pitch in Hz that is heard `at` seconds after the first picture."""
        rate = 16000
        start = self.picture_start()
        pcm = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", self.path, "-vn", "-af",
                              f"atrim=start={start + at}:duration={seconds}", "-ac", "1", "-ar", str(rate), "-f", "s16le", "-"],
                             capture_output=True).stdout
        samples = memoryview(pcm[:len(pcm) // 2 * 2]).cast("h")
        rises = [i for i in range(1, len(samples)) if samples[i - 1] < 0 <= samples[i]]
        return (len(rises) - 1) * rate / (rises[-1] - rises[0]) if len(rises) > 1 else 0.0
