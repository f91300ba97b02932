"""Is an MPEG-TS what a decoder may expect? Continuity counters, clocks, tables, times; said for each fault where it is."""

from dataclasses import dataclass

from pictures import Units, times
from ts import payload_of, pcr_of, pid_of, section_checksum

NULL_PID = 0x1FFF
CLOCK_WRAP = (1 << 33) * 300
PCR_PAUSE = 27_000_000 * 12  # no pause in a test is longer
DECODED_WITHIN = 90_000 * 10


@dataclass
class Fault:
    kind: str
    packet: int
    pid: int
    text: str


def is_discontinuous(packet):
    return bool(packet[3] & 0x20 and packet[4] and packet[5] & 0x80)


def step(now, then, wrap):
    """From then to now: negative is backward, whatever wrapped in between."""
    by = (now - then) % wrap
    return by - wrap if by >= wrap // 2 else by


class Checker:
    def __init__(self):
        self.units = Units()
        self.faults = []
        self.counters = {}   # PID: (counter, packet) of the last packet with a payload
        self.doubled = set()  # PIDs whose last packet was sent twice
        self.pcr = {}
        self.clock = None    # the latest PCR, 90 kHz
        self.dts = {}
        self.pts = {}        # PID: those shown already

    def fault(self, kind, pid, text):
        self.faults.append(Fault(kind, self.units.count, pid, text))

    def continuity(self, packet, pid):
        counter, has_payload = packet[3] & 15, packet[3] & 0x10
        last = self.counters.get(pid)
        if last and not is_discontinuous(packet):
            if not has_payload:
                if counter != last[0]:
                    self.fault("continuity", pid, f"{counter} without a payload, after {last[0]}")
                return
            if counter == last[0] and packet == last[1] and pid not in self.doubled:
                self.doubled.add(pid)  # once is allowed
                return
            if counter != (last[0] + 1) & 15:
                self.fault("continuity", pid, f"{counter} after {last[0]}")
        if has_payload:
            self.counters[pid] = (counter, packet)
            self.doubled.discard(pid)

    def clocks(self, packet, pid):
        pcr = pcr_of(packet)
        if pcr is None:
            return
        if pid in self.pcr and not is_discontinuous(packet):
            by = step(pcr, self.pcr[pid], CLOCK_WRAP)
            if by < 0:
                self.fault("back-step", pid, f"PCR, by {-by / 27e6:.6f} s")
            elif by > PCR_PAUSE:
                self.fault("clock", pid, f"PCR jumps by {by / 27e6:.3f} s")
        self.pcr[pid] = pcr
        self.clock = pcr // 300

    def tables(self, packet, pid):
        if pid != 0 and pid != self.units.pmt_pid or not packet[1] & 0x40:
            return
        payload = payload_of(packet)
        section = payload[1 + payload[0]:]
        length = 3 + ((section[1] & 15) << 8 | section[2])
        if length <= len(section) and section_checksum(section[:length]) != 0:
            self.fault("table", pid, "its checksum is wrong")

    def stamps(self, packet, pid):
        """The times of a unit, as it begins."""
        if not packet[1] & 0x40 or not payload_of(packet).startswith(b"\0\0\1"):
            return
        if self.units.types and pid not in self.units.types:
            self.fault("unannounced", pid, "not in the program table")
        found = times(payload_of(packet))
        if not found:
            return
        pts, dts = found
        wrap = 1 << 33
        if step(pts, dts, wrap) < 0:
            self.fault("order", pid, f"shown {-step(pts, dts, wrap)} ticks before it is decoded")
        if pid in self.dts:
            by = step(dts, self.dts[pid], wrap)
            if by <= 0:
                self.fault("back-step", pid, f"DTS, by {-by} ticks")
        self.dts[pid] = dts
        shown = self.pts.setdefault(pid, [])
        if pts in shown:
            self.fault("order", pid, f"two are shown at {pts}")
        self.pts[pid] = [*shown[-31:], pts]
        if self.clock is not None:
            ahead = step(dts, self.clock, wrap)
            if not 0 <= ahead <= DECODED_WITHIN:
                self.fault("late" if ahead < 0 else "early", pid, f"to be decoded {ahead / 90:.1f} ms after it came")

    def take(self, packet):
        if len(packet) != 188 or packet[0] != 0x47:
            self.fault("sync", -1, "no TS packet")
            self.units.count += 1
            return
        pid = pid_of(packet)
        if packet[1] & 0x80:
            self.fault("transport", pid, "marked as broken")
        if pid != NULL_PID:
            self.continuity(packet, pid)
            self.clocks(packet, pid)
            self.tables(packet, pid)
            self.stamps(packet, pid)
        self.units.take(packet)


def faults(packets):
    checker = Checker()
    for packet in packets:
        checker.take(packet)
    return checker.faults
