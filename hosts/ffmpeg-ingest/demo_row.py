"""The demo's own row of the table that `make switches` prints, measured from the recording and the events."""

import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

from live import HERE
from ts import ts_packets

sys.path.append(str(HERE.parent / "switches"))

from checker import faults  # noqa: E402
from pictures import units_of  # noqa: E402

HEADER = "| | kill: gap | kill: picture gap | return: picture gap | CC errors | back-steps | key-clean |"


@dataclass
class Row:
    kill_gap: float
    kill_picture_gap: float    # by arrival: from the last packet that was written
    return_picture_gap: float  # by the recording's own times
    kinds: list                # of faults
    clean: int
    switches: int
    waited: float              # for the picture after the first packet

    def text(self):
        return (f"| make demo | {self.kill_gap:.0f} ms | {self.kill_picture_gap:.0f} ms | {self.return_picture_gap:.0f} ms | "
                f"{self.kinds.count('continuity')} | {self.kinds.count('back-step')} | {self.clean} of {self.switches} |")


def begins_with_key(pictures, at):
    """Is the picture that is shown at this second of the recording a key frame?"""
    return any(p.key for p in pictures if abs((p.pts - pictures[0].pts) / 90000 - at) < 0.002)


def measure(show, path):
    packets = list(ts_packets(Path(path).read_bytes()))
    pictures = [u for u in units_of(packets) if u.kind == "video"]
    silent = [act.left for act in show.acts if not act.damages and act.noticed["reason"] == "timeout"]
    returns = [show.pictures[act.returned] for act in show.acts]
    later = [show.pictures[number] for number in sorted(show.pictures)[1:]]
    return Row(statistics.median(show.forwarded[n]["gap_ns"] / 1e6 for n in silent),
               statistics.median(show.pictures[n]["freeze_ns"] / 1e6 for n in silent),
               statistics.median((p["media_after_s"] - p["media_before_s"]) * 1000 for p in returns),
               [f.kind for f in faults(packets)],
               sum(begins_with_key(pictures, p["media_after_s"]) for p in later), len(later),
               max(show.pictures[n].get("took_ns", 0) / 1e6 for n in silent))
