"""Health beyond silence: inputs that deliver and are useless all the same. How fast it is noticed, health_report.py says."""

import subprocess

from bench import test, expect, expect_clean_end
from live import Relay, free_udp_ports


def streaming(bench, url, *form, loop=True):
    """ffmpeg sends a clip there, again and again."""
    again = ["-stream_loop", "-1"] if loop else []
    return subprocess.Popen(["ffmpeg", "-nostdin", "-v", "quiet", "-re", *again, "-i", bench.file("thirty.flv"), "-c", "copy", *form, url])


@test
def what_is_lost_on_the_way_is_counted(bench):
    """One datagram in five, of MPEG-TS over UDP and over RTP: left for it, and returned to when no more is lost."""
    for scheme, form in (("udp", ["-f", "mpegts"]), ("rtp", ["-f", "rtp_mpegts"])):
        port, good = free_udp_ports(2)
        relay = Relay(port)
        peers = [streaming(bench, f"{scheme}://127.0.0.1:{relay.inlet_port}?pkt_size=1316", *form),
                 streaming(bench, f"udp://127.0.0.1:{good}?pkt_size=1316", "-f", "mpegts")]
        try:
            ingest = bench.ingest("--silence-only", "--max-loss", "10", "--impair-after", "500ms", "--failback-stable", "1s",
                                  "--switch-cooldown", "0", "-i", f"{scheme}://127.0.0.1:{port}", "-i", f"udp://127.0.0.1:{good}", "-o",
                                  bench.directory / f"{scheme}.ts")
            ingest.wait(15, "active", priority=0)
            ingest.wait(15, "source_opened", priority=1)
            relay.go_bad(lambda _, datagrams: datagrams % 5 != 0)
            degraded = ingest.wait(15, "degraded", priority=0)
            expect(degraded["reason"] == "packet_loss", degraded)
            ingest.wait(15, "switched", priority=1, reason="packet_loss")
            relay.heal()
            ingest.wait(15, "switched", priority=0, reason="failback")
            expect_clean_end(ingest)
        finally:
            relay.close()
            for peer in peers:
                peer.kill()
                peer.wait()
