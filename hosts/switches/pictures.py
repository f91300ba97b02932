"""What an MPEG-TS carries, picture by picture: each is known bit for bit, wherever it comes out again."""

import hashlib
from dataclasses import dataclass

from ts import AAC_RATES, elementary_streams, payload_of, pid_of, section_checksum, sections, stamp_of

WRAP = 1 << 33
H264, HEVC, MPEG2 = 0x1B, 0x24, 0x02
SOUND = {0x03: "mp2", 0x04: "mp2", 0x0F: "aac"}
NO_DIGEST = b""


@dataclass
class Unit:
    """A PES packet: a picture, or some frames of sound."""
    pid: int
    kind: str         # "video" or "audio"
    pts: int          # 90 kHz, as sent: modulo 2^33
    dts: int
    key: bool         # decoding can start here
    digest: bytes     # of a picture's coded slices; empty for sound and for what was cut off
    first: int        # TS packets, counted from 0
    last: int
    frames: tuple = ()  # of sound: a digest each,
    length: int = 0     # and how long each of them is, 90 kHz


def times(pes):
    """PTS and DTS of a PES packet, None where it has none."""
    if len(pes) < 19 or pes[:3] != b"\0\0\1" or not pes[7] & 0x80:
        return None
    pts = stamp_of(pes[9:14])
    return pts, stamp_of(pes[14:19]) if pes[7] & 0x40 else pts


def nal_units(stream):
    return [unit.rstrip(b"\0") for unit in stream.split(b"\0\0\1")[1:]]


def look_at_picture(stream_type, stream):
    """(is a key frame, digest of its slices): what the picture is, whatever headers stand around it."""
    if stream_type == H264:
        slices = [n for n in nal_units(stream) if n and 1 <= n[0] & 31 <= 5]
        key = any(n[0] & 31 == 5 for n in slices)
    elif stream_type == HEVC:
        slices = [n for n in nal_units(stream) if n and n[0] >> 1 & 63 < 32]
        key = any(16 <= n[0] >> 1 & 63 <= 21 for n in slices)
    else:
        slices = [n for n in nal_units(stream) if n and 1 <= n[0] <= 0xAF]
        key = any(len(n) > 2 and n[0] == 0 and n[2] >> 3 & 7 == 1 for n in nal_units(stream))
    return key, hashlib.sha1(b"\0\0\1".join(slices)).digest()[:8] if slices else NO_DIGEST


MP2_KBITS = (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384)
MP2_RATES = (44100, 48000, 32000)


def frame_of_sound(codec, head):
    """(header's size, frame's size, how long it is in 90 kHz) by its first bytes; None: that is no frame."""
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    if codec == "aac":
        rate, size = head[2] >> 2 & 15, (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        return (7, size, 1024 * 90000 // AAC_RATES[rate]) if rate < len(AAC_RATES) and size >= 7 else None
    kbits, rate = head[2] >> 4, head[2] >> 2 & 3
    if not 0 < kbits < len(MP2_KBITS) or rate == 3:
        return None
    return 4, 144000 * MP2_KBITS[kbits] // MP2_RATES[rate] + (head[2] >> 1 & 1), 1152 * 90000 // MP2_RATES[rate]


def look_at_sound(codec, stream):
    """A digest of each frame, and how long one is in 90 kHz."""
    digests, at, length = [], 0, 0
    while found := frame_of_sound(codec, stream[at:at + 7]):
        header, size, length = found
        digests.append(hashlib.sha1(stream[at + header:at + size]).digest()[:8])
        at += size
    return tuple(digests), length


def is_whole(section):
    return section_checksum(section) == 0


class Units:
    """Takes TS packets one by one and gives units: those of a picture when the next one begins."""

    def __init__(self):
        self.pmt_pid, self.types, self.open, self.count, self.units = None, {}, {}, 0, []

    def learn(self, packet, pid):
        if pid == 0:
            for table in filter(is_whole, sections(packet, 0)):
                self.pmt_pid = next(((table[k + 2] & 31) << 8 | table[k + 3] for k in range(8, len(table) - 4, 4)
                                     if table[k] << 8 | table[k + 1]), None)
        elif pid == self.pmt_pid:
            for table in filter(is_whole, sections(packet, pid)):
                self.types.update({p: t for p, (t, _) in elementary_streams(table)[0].items()})

    def kind(self, pid):
        kind = self.types.get(pid)
        return "video" if kind in (H264, HEVC, MPEG2) else "audio" if kind in SOUND else None

    def end(self, pid):
        """The unit that is open on this PID is whole."""
        first, last, parts = self.open.pop(pid)
        pes = b"".join(parts)
        found = times(pes)
        if not found:
            return
        stream, kind = pes[9 + pes[8]:], self.kind(pid)
        if kind == "video":
            self.units.append(Unit(pid, kind, *found, *look_at_picture(self.types[pid], stream), first, last))
        else:
            frames, length = look_at_sound(SOUND[self.types[pid]], stream)
            self.units.append(Unit(pid, kind, *found, True, NO_DIGEST, first, last, frames, length))

    def take(self, packet):
        number, pid = self.count, pid_of(packet)
        self.count += 1
        self.learn(packet, pid)
        if self.kind(pid) is None:
            return
        if packet[1] & 0x40:
            if pid in self.open:
                self.end(pid)
            self.open[pid] = [number, number, []]
        if pid in self.open and packet[3] & 0x10:
            self.open[pid][1] = number
            self.open[pid][2].append(payload_of(packet))

    def finish(self):
        for pid in list(self.open):
            self.end(pid)
        return self.units


def units_of(packets):
    units = Units()
    for packet in packets:
        units.take(packet)
    return units.finish()
