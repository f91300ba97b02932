"""Health beyond silence: inputs that deliver and are useless all the same. How fast each is left, health_report.py measures."""

import contextlib
import subprocess

from bench import SANITIZED, test, expect, expect_clean_end, packets
from faults import PICTURE_PID, SOUND_PID, Relay, flapping, thinned, two_sources, without
from live import free_udp_ports, wait_for

@contextlib.contextmanager
def watched(bench, *arguments, settled=6):
    """See faults.two_sources; the ingest is a sanitized one, and ends cleanly."""
    with two_sources(bench.directory, *arguments, program=SANITIZED, settled=settled) as (primary, relay, ingest):
        bench.ingests.append(ingest)
        yield primary, relay, ingest
        expect_clean_end(ingest)


def expect_left_for(ingest, reason, seconds=15):
    """The primary, by a planned switch."""
    degraded = ingest.wait(seconds, "degraded", priority=0)
    expect(degraded["reason"] == reason, f"left for something else: {degraded}")
    expect(degraded["detail"], f"no evidence: {degraded}")
    switched = ingest.wait(5, "switched", priority=1)
    expect(switched["reason"] == reason, f"switched for something else: {switched}")


def expect_return(ingest, seconds=15):
    ingest.wait(seconds, "switched", priority=0, reason="failback")


@test
def a_thin_input_is_left(bench):
    """One datagram in ten, with what is watched by default; silence may last longer than it does then."""
    with watched(bench, "--packet-timeout", "3s", "--impair-after", "1s") as (_, relay, ingest):
        relay.go_bad(thinned)
        expect_left_for(ingest, "low_fps")
        relay.heal()
        expect_return(ingest)


@test
def by_silence_alone_a_thin_input_stays(bench):
    with watched(bench, "--packet-timeout", "3s", "--silence-only", settled=5) as (_, relay, ingest):
        before = packets(ingest, 0)
        relay.go_bad(thinned)
        wait_for(lambda: packets(ingest, 0) > before + 60, 20, "some seconds of little")
        expect(not ingest.all("degraded"), "nobody asked for that")


@test
def a_picture_that_is_lost_is_missed(bench):
    with watched(bench, "--min-fps-of-baseline", "0", "--video-timeout", "1s", settled=1) as (_, relay, ingest):
        relay.go_bad(without(PICTURE_PID))
        expect_left_for(ingest, "video_lost")
        relay.heal()
        expect_return(ingest)


@test
def a_sound_that_is_lost_is_missed_where_asked_for(bench):
    with watched(bench, "--audio-timeout", "1s", settled=1) as (_, relay, ingest):
        relay.go_bad(without(SOUND_PID))
        expect_left_for(ingest, "audio_lost")
        relay.heal()
        expect_return(ingest)


@test
def black_frozen_and_silent_inputs_are_left(bench):
    """At the full bitrate: only who looks can know. On key frames; and the moving backup is none of it."""
    with watched(bench, "--detect", "black,frozen,silent", "--detect-after", "1s", settled=2) as (primary, _, ingest):
        for begin, end, condition in ((lambda: primary.show("still"), lambda: primary.show("moving"), "frozen"),
                                      (lambda: primary.show("black"), lambda: primary.show("moving"), "black"),
                                      (primary.mute, lambda: primary.mute(False), "silent")):
            known = len(ingest.all("switched", priority=0))
            begin()
            ingest.wait(15, "degraded", priority=0, reason=condition)
            ingest.wait(5, "switched", priority=1, reason=condition)
            end()
            ingest.wait(25, "switched", priority=0, reason="failback", count=known)
        expect(not ingest.all("degraded", priority=1), "the backup was taken for bad")
    costs = ingest.all("detector")
    expect({cost["priority"] for cost in costs} == {0, 1} and all(cost["took_ns"] > 0 for cost in costs), f"the cost: {costs}")


@test
def a_frozen_input_is_seen_in_every_picture(bench):
    with watched(bench, "--detect", "frozen", "--detect-after", "500ms", "--detect-every", settled=2) as (primary, _, ingest):
        primary.show("still")
        expect_left_for(ingest, "frozen")


@test
def a_flapping_input_is_left_once(bench):
    """300 ms on, 700 ms off, with the defaults."""
    with watched(bench) as (_, relay, ingest):
        relay.go_bad(flapping)
        ingest.wait(15, "switched", priority=1)
        before = packets(ingest, 1)
        wait_for(lambda: packets(ingest, 1) > before + 800, 30, "eight seconds of the backup")
        expect(len(ingest.all("switched")) == 2, f"it went back: {ingest.all('switched')}")


@test
def a_primary_that_never_starts_leaves_nothing_dark(bench):
    port, backup_port = free_udp_ports(2)
    backup = streaming(bench, f"udp://127.0.0.1:{backup_port}?pkt_size=1316", "-f", "mpegts")
    try:
        ingest = bench.ingest("-i", f"udp://127.0.0.1:{port}", "-i", f"udp://127.0.0.1:{backup_port}", "-o", bench.directory / "out.ts",
                              "--start-grace", "500ms", "--connect-timeout", "1m")
        ingest.wait(15, "switched", priority=1, reason="start_grace")
        ingest.wait(15, "picture")
        expect(not ingest.all("degraded"), "it may still come")
        expect_clean_end(ingest)
    finally:
        backup.kill()
        backup.wait()


@test
def a_fill_is_better_than_nothing_and_no_more(bench):
    """A slate while nothing else delivers; the stream is exhausted meanwhile, and the source is returned to."""
    port, = free_udp_ports(1)
    source = streaming(bench, f"udp://127.0.0.1:{port}?pkt_size=1316", "-f", "mpegts")
    try:
        ingest = bench.ingest("--fill", bench.file("three.mp4"), "-i", f"udp://127.0.0.1:{port}", "-o", bench.directory / "out.ts",
                              "--packet-timeout", "500ms", "--failback-stable", "500ms", "--detect", "frozen,black", "--detect-after", "500ms")
        ingest.wait(15, "active", priority=0)
        source.kill()
        source.wait()
        ingest.wait(15, "switched", priority=1)
        ingest.wait(5, "exhausted")
        before = packets(ingest, 1)
        wait_for(lambda: packets(ingest, 1) > before + 350, 15, "the fill, again from its beginning")
        expect(not ingest.all("degraded", priority=1), "the fill was taken for bad")
        source = streaming(bench, f"udp://127.0.0.1:{port}?pkt_size=1316", "-f", "mpegts")
        ingest.wait(15, "switched", priority=0, count=2)
        ingest.wait(5, "restored")
        expect_clean_end(ingest)
    finally:
        source.kill()
        source.wait()


def streaming(bench, url, *form):
    """ffmpeg sends a clip there, again and again."""
    return subprocess.Popen(["ffmpeg", "-nostdin", "-v", "quiet", "-re", "-stream_loop", "-1", "-i", bench.file("thirty.flv"), "-c", "copy",
                             *form, url])


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
            relay.go_bad(lambda data, _, count: data if count % 5 else b"")
            expect_left_for(ingest, "packet_loss")
            relay.heal()
            expect_return(ingest)
            expect_clean_end(ingest)
        finally:
            relay.close()
            for peer in peers:
                peer.kill()
                peer.wait()
