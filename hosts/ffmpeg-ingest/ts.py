"""Reading MPEG-TS, and making of one what no encoder would send: for the tests."""


AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000)  # by ADTS's index


def pcr_of(packet):
    """The PCR of a TS packet in 27 MHz, or None."""
    if not packet[3] & 0x20 or packet[4] < 7 or not packet[5] & 0x10:
        return None
    b = packet[6:12]
    return (b[0] << 25 | b[1] << 17 | b[2] << 9 | b[3] << 1 | b[4] >> 7) * 300 + ((b[4] & 1) << 8 | b[5])


def program_clock(packet):
    """The same in seconds, to a tick of 90 kHz."""
    pcr = pcr_of(packet)
    return None if pcr is None else pcr // 300 / 90000


def switch_number(packet):
    """What a TS packet has in its private data: the fields there have a tag and a length. Or None."""
    if packet[3] >> 4 & 3 != 2 or packet[4] != 183 or packet[5] != 2:
        return None
    fields = packet[7:7 + packet[6]]
    while len(fields) >= 2:
        tag, value, fields = fields[0], fields[2:2 + fields[1]], fields[2 + fields[1]:]
        if tag == 0xDF and len(value) == 12 and value[:4] == b"CHGO":
            return int.from_bytes(value[4:], "big")
    return None


def payload_of(packet):
    if not packet[3] & 0x10:
        return b""
    return packet[4 + (1 + packet[4] if packet[3] & 0x20 else 0):]


def stamp_of(b):
    """The PTS or DTS in these five bytes, 90 kHz."""
    return (b[0] >> 1 & 7) << 30 | b[1] << 22 | b[2] >> 1 << 15 | b[3] << 7 | b[4] >> 1


def pid_of(packet):
    return (packet[1] & 0x1F) << 8 | packet[2]


def ts_packets(data):
    return (data[k:k + 188] for k in range(0, len(data) - 187, 188))


def step_clock(data, steps):
    """The same MPEG-TS, its clock (PCR, PTS, DTS) set off: `steps` is a list of (from second, by seconds), in media time."""
    def offset(at):
        return int(90000 * next((by for since, by in reversed(steps) if at >= since), 0))

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
        shown = stamp_of(out[start + 9:start + 14])
        by = offset(shown / 90000 - (first or 0) - 0.7)
        out[start + 9:start + 14] = put(flags, shown + by)
        if flags == 3:
            out[start + 14:start + 19] = put(1, stamp_of(out[start + 14:start + 19]) + by)
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
        payload = payload_of(packet)
        if pid_of(packet) != pid or not payload:
            continue
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
