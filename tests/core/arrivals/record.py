#!/usr/bin/env python3
"""Records when the packets of live sources arrive at a host, with FFmpeg at both ends.

    tests/core/arrivals/record.py [KIND...]

For each kind it writes KIND.txt here: the gaps between packets in whole milliseconds, `40*3` for three
in a row; packets that arrive in the same millisecond are one. Takes two minutes a kind, and ports
21400 to 21409. On a machine with other work put `chrt -r 10` before it (as root), or the gaps are those of
the machine.
"""

import pathlib
import random
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).parent
SECONDS = 100
# What is read while streams are being found arrives in a burst, which is no arrival of a live source.
WARM_UP = 12
HOST = "127.0.0.1"

PICTURE = ["-re", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25"]
SOUND = ["-re", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"]
X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p"]
AAC = ["-c:a", "aac", "-b:a", "96k"]
CBR = ["-b:v", "1M", "-minrate", "1M", "-maxrate", "1M", "-bufsize", "40k", "-g", "25"]


def ffmpeg(*arguments):
    command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-y", *arguments]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def packets_of(*arguments, **pipes):
    """A line for each packet, as soon as libavformat hands it out."""
    entries = ["-show_entries", "packet=stream_index", "-of", "csv"]
    command = ["stdbuf", "-oL", "ffprobe", "-loglevel", "fatal", *entries, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, **pipes)


def udp_cbr(_):
    """UDP, constant bitrate, 25 frames a second, no sound."""
    reader = packets_of(f"udp://{HOST}:21400?fifo_size=20000")
    out = ["-muxrate", "1500k", f"udp://{HOST}:21400?pkt_size=1316&bitrate=1500000"]
    return reader, [ffmpeg(*PICTURE, *X264, *CBR, "-f", "mpegts", *out)]


def udp_vbr(_):
    """UDP, variable bitrate, a key frame in 10 s, with sound."""
    reader = packets_of(f"udp://{HOST}:21401?fifo_size=20000")
    video = [*X264, "-crf", "28", "-g", "250", "-keyint_min", "250", "-sc_threshold", "0"]
    return reader, [ffmpeg(*PICTURE, *SOUND, *video, *AAC, "-f", "mpegts",
                           f"udp://{HOST}:21401?pkt_size=1316")]


def rtmp(_):
    """RTMP over TCP, an encoder that publishes to a listening host."""
    url = f"rtmp://{HOST}:21402/live/news"
    reader = packets_of("-listen", "1", url)
    time.sleep(1)
    return reader, [ffmpeg(*PICTURE, *SOUND, *X264, *CBR, *AAC, "-f", "flv", url)]


def srt(_):
    """SRT with 120 ms of latency over a bad line: what is lost is sent again. The line delays by 20 to 50 ms,
    loses 3 %, and in each 5 to 15 s all for 100 to 300 ms."""
    reader = packets_of(f"srt://{HOST}:21404?mode=listener&latency=120000")
    threading.Thread(target=bad_line, args=(21403, 21404), daemon=True).start()
    time.sleep(1)
    return reader, [ffmpeg(*PICTURE, *SOUND, *X264, *CBR, *AAC, "-f", "mpegts",
                           f"srt://{HOST}:21403?mode=caller&latency=120000&pkt_size=1316")]


def hls(directory):
    """HLS in segments of 6 s, which the host reads as soon as each is there."""
    video = [*X264, "-b:v", "400k", "-g", "150", "-keyint_min", "150", "-sc_threshold", "0"]
    writer = ffmpeg(*PICTURE, *SOUND, *video, *AAC, "-f", "hls", "-hls_time", "6",
                    "-hls_list_size", "5", "-hls_flags", "delete_segments",
                    f"{directory}/live.m3u8")
    server = subprocess.Popen([sys.executable, "-m", "http.server", "21405", "--bind", HOST,
                               "--directory", directory], stderr=subprocess.DEVNULL)
    while not pathlib.Path(directory, "live.m3u8").exists():
        time.sleep(0.5)
    time.sleep(6)
    return packets_of(f"http://{HOST}:21405/live.m3u8"), [writer, server]


def slideshow(_):
    """UDP, one frame a second, no sound."""
    reader = packets_of("-probesize", "5000", f"udp://{HOST}:21406?fifo_size=20000")
    picture = ["-re", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=1"]
    return reader, [ffmpeg(*picture, *X264, "-g", "1", "-f", "mpegts", "-muxdelay", "0",
                           f"udp://{HOST}:21406?pkt_size=1316")]


def file(directory):
    """A file that the host paces in real time."""
    clip = f"{directory}/clip.mp4"
    made = ["-f", "lavfi", "-i", f"testsrc2=size=320x180:rate=25:duration={WARM_UP + SECONDS + 20}"]
    tone = ["-f", "lavfi", "-i", f"sine=frequency=440:duration={WARM_UP + SECONDS + 20}"]
    ffmpeg(*made, *tone, *X264, "-crf", "30", "-g", "50", *AAC, clip).wait()
    pace = ["ffmpeg", "-nostdin", "-loglevel", "error", "-re", "-i", clip, "-c", "copy",
            "-flush_packets", "1", "-f", "nut", "-"]
    pacer = subprocess.Popen(pace, stdout=subprocess.PIPE)
    return packets_of("-", stdin=pacer.stdout), [pacer]


KINDS = {kind.__name__: kind for kind in (udp_cbr, udp_vbr, rtmp, srt, hls, slideshow, file)}


def bad_line(here, there):
    """Carries datagrams between whoever sends to `here` and `there`, late, and not all of them."""

    def next_outage():
        begins = time.monotonic() + rng.uniform(5, 15)
        return begins, begins + rng.uniform(0.1, 0.3)

    rng = random.Random(4711)
    near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    near.bind((HOST, here))
    far = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    far.connect((HOST, there))
    waiting, caller, outage = [], None, next_outage()
    while True:
        timeout = max(0, min((at for at, *_ in waiting), default=1e12) - time.monotonic())
        for one in select.select([near, far], [], [], min(timeout, 1))[0]:
            try:
                data, sender = one.recvfrom(2048)
            except ConnectionRefusedError:
                continue
            caller = sender if one is near else caller
            now = time.monotonic()
            if now > outage[1]:
                outage = next_outage()
            if now < outage[0] and rng.random() >= 0.03:
                waiting.append((now + rng.uniform(0.02, 0.05), one is near, data))
        for late in sorted(one for one in waiting if one[0] <= time.monotonic()):
            waiting.remove(late)
            _, onward, data = late
            far.send(data) if onward else near.sendto(data, caller)


def arrivals(reader):
    """The milliseconds at which packets came, after the warm-up."""
    began, all_at = None, []
    while began is None or time.monotonic() < began + WARM_UP + SECONDS:
        if not select.select([reader.stdout], [], [], 30)[0] or not reader.stdout.read1(65536):
            raise SystemExit("the source has ended")
        now = time.monotonic()
        began = began or now
        if now > began + WARM_UP:
            all_at.append(int(now * 1000))
    return sorted(set(all_at))


def text_of(at):
    """The gaps, the same ones in a row counted."""
    runs = []
    for gap in (after - before for before, after in zip(at, at[1:])):
        if runs and runs[-1][0] == gap:
            runs[-1][1] += 1
        else:
            runs.append([gap, 1])
    words = [str(gap) if times == 1 else f"{gap}*{times}" for gap, times in runs]
    lines, line = [], ""
    for word in words:
        if len(line) + len(word) > 99:
            lines, line = [*lines, line], ""
        line = f"{line} {word}".lstrip()
    return "\n".join([*lines, line]) + "\n"


def record(kind):
    with tempfile.TemporaryDirectory() as directory:
        reader, others = KINDS[kind](directory)
        try:
            at = arrivals(reader)
        finally:
            for process in (reader, *others):
                process.send_signal(signal.SIGKILL)
                process.wait()
        (HERE / f"{kind}.txt").write_text(text_of(at))
        longest = max(after - before for before, after in zip(at, at[1:]))
        print(f"{kind}: {KINDS[kind].__doc__.split('.')[0]}; {len(at)} arrivals, longest gap {longest} ms")


for name in sys.argv[1:] or KINDS:
    record(name)
