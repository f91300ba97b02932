"""The two hosts as the measurement runs them."""

import os
import signal
import subprocess
from pathlib import Path

HOSTS = Path(__file__).resolve().parent.parent
STABLE_MS = 500


def ffmpeg_ingest(timeout_ms, catch_up_s, urls, output, directory):
    program = os.environ.get("FFMPEG_INGEST", HOSTS / "ffmpeg-ingest" / "ffmpeg-ingest")
    inputs = [word for url in urls for word in ("-i", url)]
    return [program, *inputs, "-o", output, "--packet-timeout", f"{timeout_ms}ms", "--failback-stable", f"{STABLE_MS}ms",
            "--switch-cooldown", f"{STABLE_MS}ms", "--damping-period", "0", "--catch-up", f"{catch_up_s}s", "--silence-only"]


def udp_switch(timeout_ms, catch_up_s, urls, output, directory):
    program = os.environ.get("UDP_SWITCH", HOSTS / "udp-switch" / "udp-switch")
    table = Path(directory) / "table"
    addresses = [url.removeprefix("udp://") for url in (output, *urls)]
    table.write_text(" ".join(["live", *addresses]) + "\n")
    return [program, f"packet-timeout={timeout_ms}ms", f"failback-stable={STABLE_MS}ms", f"switch-cooldown={STABLE_MS}ms",
            "damping-period=0", f"catch-up={catch_up_s}s", table]


COMMANDS = {"ffmpeg-ingest": ffmpeg_ingest, "udp-switch": udp_switch}


class Host:
    """A host between two sources and an output."""

    def __init__(self, name, timeout_ms, catch_up_s, urls, output, directory):
        command = COMMANDS[name](timeout_ms, catch_up_s, urls, output, directory)
        self.log = Path(directory) / "host.log"
        with open(self.log, "w") as log:
            self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=log, stderr=log)

    def end(self):
        """True: it was there until now, and ended as it was asked to."""
        if self.process.poll() is not None:
            return False
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(10) == 0
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return False
