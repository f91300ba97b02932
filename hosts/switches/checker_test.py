#!/usr/bin/env python3
"""The checker finds each planted fault, and none in what an encoder made."""

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "ffmpeg-ingest"))

from checker import faults  # noqa: E402
from pictures import units_of  # noqa: E402
from ts import pcr_of, pid_of, step_clock, ts_packets  # noqa: E402

VIDEO, AUDIO, PMT = 0x100, 0x101, 0x1000


def clip(seconds=4):
    return subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25", "-f", "lavfi", "-i", "sine", "-t",
         str(seconds), "-pix_fmt", "yuv420p", "-c:v", "mpeg2video", "-g", "12", "-bf", "2", "-sc_threshold", "1000000000", "-c:a", "mp2", "-f", "mpegts", "-"],
        check=True, capture_output=True).stdout


def nth(packets, number, wanted):
    return [i for i, p in enumerate(packets) if wanted(p)][number]


def changed(packets, at, offset, to):
    packet = bytearray(packets[at])
    packet[offset:offset + len(to)] = to
    return packets[:at] + [bytes(packet)] + packets[at + 1:]


def begins(pid):
    return lambda p: pid_of(p) == pid and p[1] & 0x40


def with_dts(packet):
    return begins(VIDEO)(packet) and b"\0\0\1\xe0" in packet and packet[packet.index(b"\0\0\1\xe0") + 7] & 0x40


def planted(packets):
    """(what was planted, the kind of fault to be found, the packets)."""
    inside = nth(packets, 40, lambda p: pid_of(p) == VIDEO and not p[1] & 0x40)
    sound = nth(packets, 10, begins(AUDIO))
    clock = nth(packets, 20, lambda p: pcr_of(p) is not None)
    table = nth(packets, 3, begins(PMT))
    picture = nth(packets, 12, with_dts)
    at = packets[picture].index(b"\0\0\1\xe0")
    pts, dts = packets[picture][at + 9:at + 14], packets[picture][at + 14:at + 19]
    yield "a packet is lost", "continuity", packets[:inside] + packets[inside + 1:]
    yield "a packet comes twice", None, packets[:inside + 1] + packets[inside:]
    yield "a packet comes three times", "continuity", packets[:inside + 1] + [packets[inside]] + packets[inside:]
    yield "two packets change places", "continuity", [*packets[:inside], packets[inside + 1], packets[inside], *packets[inside + 2:]]
    yield "a counter stands still", "continuity", changed(packets, inside, 3, bytes([packets[inside][3] - 1 & 15 | packets[inside][3] & 0xF0]))
    yield "the clock goes back", "back-step", changed(packets, clock, 6, packets[nth(packets, 5, lambda p: pcr_of(p) is not None)][6:12])
    yield "the whole clock goes back", "back-step", list(ts_packets(step_clock(b"".join(packets), [(2, -1)])))
    yield "the clock jumps", "clock", list(ts_packets(step_clock(b"".join(packets), [(2, 40)])))
    yield "a picture is shown before it is decoded", "order", changed(changed(packets, picture, at + 9, dts), picture, at + 14, pts)
    yield "times of a picture come again", "back-step", changed(
        packets, picture, at + 9, packets[nth(packets, 6, with_dts)][at + 9:at + 19])
    yield "sound comes after its time", "late", packets[:sound] + packets[sound + 1:sound + 600] + [packets[sound]] + packets[sound + 600:]
    yield "the program table is damaged", "table", changed(packets, table, 20, bytes([packets[table][20] ^ 1]))
    yield "a stream that is not announced", "unannounced", changed(packets, sound, 1, bytes([0x42, 0x22]))
    yield "no sync byte", "sync", changed(packets, inside, 0, b"\x48")
    yield "marked as broken", "transport", changed(packets, inside, 1, bytes([packets[inside][1] | 0x80]))


def main():
    packets = list(ts_packets(clip()))
    checks = [("an encoder's own", not faults(packets), faults(packets)[:3])]
    wrapped = list(ts_packets(step_clock(b"".join(packets), [(0, (1 << 33) / 90000 - 3)])))
    checks.append(("33 bits that wrap are no fault", not faults(wrapped), faults(wrapped)[:3]))
    pictures = [u for u in units_of(packets) if u.kind == "video"]
    checks.append(("100 pictures", len(pictures) == 100, len(pictures)))
    keys = [0, *range(10, 100, 12)]  # two B-frames of the group before come after each
    checks.append(("key frames each 12", [i for i, u in enumerate(pictures) if u.key] == keys, ""))
    sound = [u for u in units_of(packets) if u.kind == "audio"]
    checks.append(("each frame of sound", sum(len(u.frames) for u in sound) == 154, sum(len(u.frames) for u in sound)))
    for what, kind, damaged in planted(packets):
        kinds = {f.kind for f in faults(damaged)}
        checks.append((what, kind in kinds if kind else not kinds, kinds))
    for what, holds, seen in checks:
        if not holds:
            print(f"FAILED: {what}: {seen}")
    print(f"{sum(holds for _, holds, _ in checks)} passed, {sum(not holds for _, holds, _ in checks)} failed")
    return 0 if all(holds for _, holds, _ in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
