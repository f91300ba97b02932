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
    """A real ffmpeg that sends a moving picture and a tone over UDP: 50 pictures a second, two key frames a second."""

    def __init__(self, name, pattern, look, color, tone, port, log, size=(640, 360), font=None):
        self.name, self.color, self.tone, self.port, self.log = name, color, tone, port, log
        self.url = f"udp://127.0.0.1:{port}"
        width, height = size
        band = f"drawbox=x=0:y={height * 3 // 4}:w={width}:h={height // 4}:color=0x{color:06x}:t=fill"
        if font:
            band += (f",drawtext=fontfile={font}:text='{name}  %{{pts\\:hms}}':fontcolor=white:fontsize={height // 8}"
                     f":x=(w-tw)/2:y={height * 7 // 8}-th/2")
        video = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency"]
        if not ffmpeg_has("encoders", "libx264"):
            video = ["-c:v", "mpeg2video", "-bf", "0"]
        self.command = [
            "ffmpeg", "-nostdin", "-hide_banner", "-v", "error",
            "-re", "-f", "lavfi", "-i", f"{pattern}=size={width}x{height}:rate=50,{look},{band},format=yuv420p",
            "-re", "-f", "lavfi", "-i", f"sine=frequency={tone}:sample_rate=48000",
            *video, "-g", "25", "-b:v", "1500k", "-c:a", "aac", "-b:a", "96k",
            "-f", "mpegts", f"{self.url}?pkt_size=1316",
        ]
        self.process = None

    def start(self):
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()


def program_clock(packet):
    """The PCR of a TS packet in seconds, or None."""
    if packet[3] & 0x20 and packet[4] >= 7 and packet[5] & 0x10:
        b = packet[6:12]
        return ((b[0] << 25) | (b[1] << 17) | (b[2] << 9) | (b[3] << 1) | (b[4] >> 7)) / 90000
    return None


def pid_of(packet):
    return (packet[1] & 0x1F) << 8 | packet[2]


def ts_packets(data):
    return (data[k:k + 188] for k in range(0, len(data) - 187, 188))


def step_clock(data, steps):
    """The same MPEG-TS, its clock (PCR, PTS, DTS) set off: `steps` is a list of (from second, by seconds), in media time."""
    def offset(at):
        return int(90000 * next((by for since, by in reversed(steps) if at >= since), 0))

    def get(b):
        return (b[0] >> 1 & 7) << 30 | b[1] << 22 | b[2] >> 1 << 15 | b[3] << 7 | b[4] >> 1

    def put(flags, t):
        t &= (1 << 33) - 1
        return bytes([flags << 4 | t >> 30 << 1 | 1, t >> 22 & 255, t >> 14 & 254 | 1, t >> 7 & 255, t << 1 & 254 | 1])

    first, out = None, bytearray(data)
    for k in range(0, len(out) - 187, 188):
        clock = program_clock(out[k:k + 188])
        if clock is not None:
            first = clock if first is None else first
            stepped = int(clock * 90000) + offset(clock - first) & (1 << 33) - 1
            out[k + 6:k + 11] = bytes([stepped >> 25 & 255, stepped >> 17 & 255, stepped >> 9 & 255, stepped >> 1 & 255,
                                       out[k + 10] & 0x7F | (stepped & 1) << 7])
        start = k + 4 + (1 + out[k + 4] if out[k + 3] & 0x20 else 0)
        if not out[k + 1] & 0x40 or out[start:start + 3] != b"\0\0\1" or not out[start + 7] & 0x80:
            continue
        flags = out[start + 7] >> 6
        shown = get(out[start + 9:start + 14])
        by = offset(shown / 90000 - (first or 0) - 0.7)
        out[start + 9:start + 14] = put(flags, shown + by)
        if flags == 3:
            out[start + 14:start + 19] = put(1, get(out[start + 14:start + 19]) + by)
    return bytes(out)


def section_checksum(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C11DB7 if crc & 0x80000000 else 0)) & 0xFFFFFFFF
    return crc


def seal(section):
    """The section without its checksum, with the right length and a checksum."""
    length = len(section) - 3 + 4
    section = section[:1] + bytes([section[1] & 0xF0 | length >> 8, length & 255]) + section[3:]
    return section + section_checksum(section).to_bytes(4, "big")


def sections(data, pid):
    """The sections on this PID of an MPEG-TS, whole."""
    section = b""
    for packet in ts_packets(data):
        if pid_of(packet) != pid:
            continue
        payload = packet[4 + (1 + packet[4] if packet[3] & 0x20 else 0):]
        section = payload[1 + payload[0]:] if packet[1] & 0x40 else section + payload
        if len(section) >= 3 and len(section) >= 3 + ((section[1] & 15) << 8 | section[2]):
            yield section[:3 + ((section[1] & 15) << 8 | section[2])]
            section = b""


def elementary_streams(pmt):
    """{PID: (stream type, descriptors)} of a program table, and the program's own descriptors."""
    at = 12 + ((pmt[10] & 15) << 8 | pmt[11])
    program, streams = pmt[12:at], {}
    while at < len(pmt) - 4:
        length = (pmt[at + 3] & 15) << 8 | pmt[at + 4]
        streams[(pmt[at + 1] & 31) << 8 | pmt[at + 2]] = (pmt[at], pmt[at + 5:at + 5 + length])
        at += 5 + length
    return streams, program


def one_packet(pid, counter, payload):
    """A TS packet with this payload, stuffed."""
    stuffing = 184 - len(payload)
    field = b"" if not stuffing else bytes([stuffing - 1]) + (b"" if stuffing == 1 else b"\0" + b"\xff" * (stuffing - 2))
    return bytes([0x47, 0x40 | pid >> 8, pid & 255, (0x30 if stuffing else 0x10) | counter & 15]) + field + payload


def pes(payload, shown):
    """A PES packet of private data, shown at this time in seconds; None: it does not say."""
    if shown is None:
        return b"\0\0\1\xbd" + (len(payload) + 3).to_bytes(2, "big") + b"\x80\0\0" + payload
    t = int(shown * 90000)
    stamp = bytes([0x21 | t >> 29 & 14, t >> 22 & 255, t >> 14 & 254 | 1, t >> 7 & 255, t << 1 & 254 | 1])
    return b"\0\0\1\xbd" + (len(payload) + 8).to_bytes(2, "big") + b"\x80\x80\x05" + stamp + payload


def add_stream(data, pid, stream_type, descriptors, payloads, program_descriptors=b""):
    """The MPEG-TS with one more stream: `payloads` is a list of (when in seconds of its clock, payload of one TS packet)."""
    entry = bytes([stream_type, 0xE0 | pid >> 8, pid & 255, 0xF0, len(descriptors)]) + descriptors
    out, waiting, counter = [], list(payloads), 0
    for packet in ts_packets(data):
        clock = program_clock(packet)
        while waiting and clock is not None and clock >= waiting[0][0]:
            out.append(one_packet(pid, counter, waiting.pop(0)[1]))
            counter += 1
        if pid_of(packet) == 0x1000:
            pmt = next(sections(packet, 0x1000))
            info = len(program_descriptors) + ((pmt[10] & 15) << 8 | pmt[11])
            table = seal(pmt[:10] + bytes([0xF0 | info >> 8, info & 255]) + pmt[12:12] + program_descriptors + pmt[12:-4] + entry)
            packet = packet[:4] + b"\0" + table + b"\xff" * (183 - len(table))
        out.append(packet)
    return b"".join(out)


class Sender:
    """Sends an MPEG-TS over UDP from a thread, at the speed of its own clock; a step of the clock is no pause."""

    def __init__(self, data, port=None):
        self.data, self.port = data, port or free_udp_ports(1)[0]
        self.url = f"udp://127.0.0.1:{self.port}"
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def start(self):
        self.thread.start()
        return self

    def run(self):
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
    """A live HLS or DASH stream: ffmpeg writes its segments, a server in this process hands them out."""

    def __init__(self, kind, directory, segment, clip):
        self.directory = Path(directory)
        self.directory.mkdir()
        self.manifest = "live.m3u8" if kind == "hls" else "live.mpd"
        form = {
            "hls": ["-f", "hls", "-hls_time", str(segment), "-hls_list_size", "4", "-hls_flags", "delete_segments"],
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
        return len({f.name for f in self.directory.glob("*.ts")} | {f.name for f in self.directory.glob("chunk-stream0-*.m4s")})

    def close(self):
        self.process.kill()
        self.process.wait()
        self.server.shutdown()
        self.server.server_close()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
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
            ["ffprobe", "-v", "error", *self.WHOLE, "-show_entries", "packet=codec_type,pts_time,dts_time,stream_index", "-of", "json", self.path],
            capture_output=True, text=True)
        self.probe_errors = shown.stderr.strip()
        packets = json.loads(shown.stdout or "{}").get("packets", [])
        self.video = [float(p["pts_time"]) for p in packets if p["codec_type"] == "video" and "pts_time" in p]
        self.audio = [float(p["pts_time"]) for p in packets if p["codec_type"] == "audio" and "pts_time" in p]
        self.steps_back = []
        last = {}
        for p in packets:
            if "dts_time" in p:
                stream, dts = p["stream_index"], float(p["dts_time"])
                if dts <= last.get(stream, -1):
                    self.steps_back.append((stream, last[stream], dts))
                last[stream] = dts

    def decoding_errors(self):
        """What a decoder complains of; empty: nothing."""
        command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *self.WHOLE, "-i", self.path]
        for kind, raw, present in (("v", "rawvideo", self.video), ("a", "s16le", self.audio)):
            if present:  # raw: only decoders can complain, no muxer about frame rates
                command += ["-map", f"0:{kind}:0", "-f", raw, "/dev/null"]
        run = subprocess.run(command, capture_output=True, text=True)
        return run.stderr.strip()

    def tone(self, at, seconds=0.8):
        """The pitch in Hz that is heard `at` seconds after the first picture."""
        rate = 16000
        start = self.video[0] - min(self.video[0], self.audio[0])  # ffmpeg counts from the first packet of any track
        pcm = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", self.path, "-vn", "-af",
                              f"atrim=start={start + at}:duration={seconds}", "-ac", "1", "-ar", str(rate), "-f", "s16le", "-"],
                             capture_output=True).stdout
        samples = memoryview(pcm[:len(pcm) // 2 * 2]).cast("h")
        rises = [i for i in range(1, len(samples)) if samples[i - 1] < 0 <= samples[i]]
        return (len(rises) - 1) * rate / (rises[-1] - rises[0]) if len(rises) > 1 else 0.0
